//! The colours of the book can be read: every text stands out from what is behind it as WCAG 2.2 asks at level AA, in the
//! light look and in the dark one. The style sheets name each colour once, so that its value can be judged here without a browser.

mod support;

use std::collections::BTreeMap;

/// What text is written in, and the backgrounds it is written on. 4.5 : 1 or more.
const TEXTS: [(&[&str], &[&str]); 4] = [
    (
        &[
            "fg",
            "muted",
            "links",
            "pass",
            "fail",
            "advice",
            "unchecked",
        ],
        &["bg", "surface"],
    ),
    (
        &[
            "code-key",
            "code-value",
            "code-number",
            "code-word",
            "code-comment",
            "code-answer",
            "inline-code-color",
        ],
        &["bg", "surface"],
    ),
    (
        &["sidebar-fg", "sidebar-non-existant", "muted", "links"],
        &["sidebar-bg", "sidebar-hover-bg", "sidebar-active-bg"],
    ),
    (&["fg"], &["search-mark-bg", "searchresults-li-bg"]),
];

/// What has to be seen but is not read: the outlines of fields and buttons, icons. 3 : 1 or more.
const SHAPES: [&str; 3] = ["icons", "searchbar-border-color", "scrollbar"];

#[test]
fn every_text_stands_out_from_its_background() {
    let palette = Palette::read();
    let mut found = Vec::new();
    for look in [Look::Light, Look::Dark] {
        for (texts, backgrounds) in TEXTS {
            for (text, background) in pairs(texts, backgrounds) {
                found.extend(palette.too_close(look, text, background, 4.5));
            }
        }
        for (shape, background) in pairs(&SHAPES, &["bg"]) {
            found.extend(palette.too_close(look, shape, background, 3.0));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// mdBook takes what stands between HTML tags as it is, so a mark of Markdown would be shown.
#[test]
fn captions_have_no_marks_of_markdown() {
    let mut captions = 0;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(support::repository().join("src")).expect("the chapters") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a chapter");
        for after in text.split("<figcaption>").skip(1) {
            let caption = after.split("</figcaption>").next().unwrap_or_default();
            captions += 1;
            if caption.contains(['`', '*']) {
                found.push(format!("{}: {caption}", path.display()));
            }
        }
    }
    assert!(captions > 10, "{captions} captions");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_contrast_is_the_one_that_wcag_defines() {
    let grey = contrast([0x76; 3], [0xff; 3]);
    assert!((grey - 4.54).abs() < 0.01, "{grey}");
    assert!((contrast([0; 3], [0xff; 3]) - 21.0).abs() < 0.001);
}

/// A colour without a name would be judged by nobody.
#[test]
fn colours_stand_only_where_they_are_named() {
    for (file, text) in sheets() {
        // Paper is black on white, whatever the palette says.
        if file == "print.css" {
            continue;
        }
        for line in text.lines().map(str::trim) {
            let names = line.starts_with("--");
            let has_colour = line.contains("light-dark(") || line.contains(": #");
            assert!(
                names || !has_colour || line.starts_with(['/', '*']),
                "{file}: {line}"
            );
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Look {
    Light,
    Dark,
}

/// The value of every name in `theme/*.css`, as it is written.
struct Palette(BTreeMap<String, String>);

impl Palette {
    fn read() -> Palette {
        let mut values = BTreeMap::new();
        for (file, text) in sheets() {
            if file == "print.css" {
                continue;
            }
            for line in text.lines() {
                if let Some((name, value)) = line
                    .trim()
                    .strip_prefix("--")
                    .and_then(|line| line.split_once(':'))
                {
                    let value = value.trim().trim_end_matches(';');
                    values
                        .entry(name.to_owned())
                        .or_insert_with(|| value.to_owned());
                }
            }
        }
        Palette(values)
    }

    fn colour(&self, look: Look, name: &str) -> [u8; 3] {
        let value = self
            .0
            .get(name)
            .unwrap_or_else(|| panic!("no style sheet names --{name}"));
        if let Some(other) = value
            .strip_prefix("var(--")
            .and_then(|rest| rest.strip_suffix(')'))
        {
            return self.colour(look, other);
        }
        let (light, dark) = value
            .strip_prefix("light-dark(")
            .and_then(|rest| rest.strip_suffix(')'))
            .and_then(|both| both.split_once(", "))
            .unwrap_or_else(|| panic!("--{name} is not light-dark(…, …) but {value}"));
        let digits = match look {
            Look::Light => light,
            Look::Dark => dark,
        };
        let number = digits
            .strip_prefix('#')
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .unwrap_or_else(|| panic!("--{name} has {digits}, which is not #rrggbb"));
        let [_, red, green, blue] = number.to_be_bytes();
        [red, green, blue]
    }

    fn too_close(&self, look: Look, text: &str, background: &str, least: f64) -> Option<String> {
        let ratio = contrast(self.colour(look, text), self.colour(look, background));
        (ratio < least).then(|| {
            format!("{look:?}: --{text} on --{background} is {ratio:.2} : 1, less than {least}")
        })
    }
}

fn sheets() -> Vec<(String, String)> {
    let folder = support::repository().join("theme");
    let mut sheets: Vec<_> = std::fs::read_dir(folder)
        .expect("theme")
        .map(|entry| entry.expect("a file of theme").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "css"))
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            let text = std::fs::read_to_string(&path).expect("a style sheet");
            (name.into_owned(), text)
        })
        .collect();
    sheets.sort();
    sheets
}

fn pairs<'a>(
    texts: &'a [&str],
    backgrounds: &'a [&str],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    texts.iter().flat_map(move |text| {
        backgrounds
            .iter()
            .map(move |background| (*text, *background))
    })
}

/// <https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// <https://www.w3.org/TR/WCAG22/#dfn-relative-luminance>
fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}
