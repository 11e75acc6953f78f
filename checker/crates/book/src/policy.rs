//! Makes the pages fit for a content security policy that allows no inline script and no inline style.
//!
//! mdBook's template has both. Each inline script becomes a file of its own, loaded at the same place, so that the order
//! stays; each `style="…"` becomes a class. The static book gets the same pages: there is one book, not two.

use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

/// Where the files go, in the folder of the book.
const FOLDER: &str = "apart";

/// The one call in mdBook's search script that writes an inline style, and what the policy allows instead.
const INLINE_STYLE_CALL: (&str, &str) = ("tmp.setAttribute('style', ", "tmp.style.cssText = (");

/// Rewrites every page below `destination`.
///
/// # Errors
/// A file that cannot be read or written.
pub(crate) fn apply(destination: &Path, pages: &[std::path::PathBuf]) -> io::Result<()> {
    let mut scripts = BTreeMap::new();
    let mut styles = BTreeSet::new();
    let mut rewritten = Vec::new();
    for page in pages {
        let text = fs::read_to_string(destination.join(page))?;
        let depth = page.components().count().saturating_sub(1);
        rewritten.push((
            page,
            depth,
            page_without(&text, depth, &mut scripts, &mut styles),
        ));
    }
    let sheet: String = styles
        .iter()
        .map(|style| format!(".{} {{ {} }}\n", class_of(style), important(style)))
        .collect();
    let sheet_name = format!("{FOLDER}/{}.css", fingerprint(&sheet));

    fs::create_dir_all(destination.join(FOLDER))?;
    for (name, script) in &scripts {
        fs::write(destination.join(name), script)?;
    }
    if !sheet.is_empty() {
        fs::write(destination.join(&sheet_name), &sheet)?;
    }
    for (page, depth, text) in rewritten {
        let link = format!(
            "<link rel=\"stylesheet\" href=\"{}{sheet_name}\">\n    </head>",
            "../".repeat(depth)
        );
        let text = match sheet.is_empty() {
            true => text,
            false => text.replacen("</head>", &link, 1),
        };
        fs::write(destination.join(page), text)?;
    }
    mend_search(destination)
}

fn mend_search(destination: &Path) -> io::Result<()> {
    for entry in fs::read_dir(destination)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !(name.starts_with("searcher") && name.ends_with(".js")) {
            continue;
        }
        let script = fs::read_to_string(&path)?;
        let (call, allowed) = INLINE_STYLE_CALL;
        fs::write(&path, script.replace(call, allowed))?;
    }
    Ok(())
}

/// A page whose inline scripts and styles are moved out. `depth` folders lie between it and the book's own.
fn page_without(
    text: &str,
    depth: usize,
    scripts: &mut BTreeMap<String, String>,
    styles: &mut BTreeSet<String>,
) -> String {
    let mut page = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, from_tag) = rest.split_at(start);
        page.push_str(before);
        if from_tag.starts_with("<!--") {
            let end = from_tag.find("-->").map_or(from_tag.len(), |end| end + 3);
            page.push_str(&from_tag[..end]);
            rest = &from_tag[end..];
            continue;
        }
        let end = end_of_tag(from_tag);
        let (tag, after) = from_tag.split_at(end);
        rest = after;
        if is_tag(tag, "script") {
            let length = after.find("</script").unwrap_or(after.len());
            let (script, after) = after.split_at(length);
            let is_inline = tag == "<script>" && !script.trim().is_empty();
            if is_inline {
                let name = format!("{FOLDER}/{}.js", fingerprint(script));
                page.push_str(&format!("<script src=\"{}{name}\">", "../".repeat(depth)));
                scripts.insert(name, script.to_owned());
            } else {
                page.push_str(tag);
                page.push_str(script);
            }
            rest = after;
        } else {
            page.push_str(&tag_without_style(tag, styles));
        }
    }
    page.push_str(rest);
    page
}

/// Bytes up to and with the `>` that ends a tag; one in an attribute's value does not.
fn end_of_tag(text: &str) -> usize {
    // A `<` that begins no tag is text.
    if !text[1..].starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '/') {
        return 1;
    }
    let mut quote = None;
    for (index, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return index + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if byte == open => quote = None,
            _ => {}
        }
    }
    text.len()
}

fn is_tag(tag: &str, name: &str) -> bool {
    tag.strip_prefix('<')
        .and_then(|tag| tag.strip_prefix(name))
        .is_some_and(|rest| rest.starts_with(['>', ' ', '\t', '\n']))
}

/// The tag with a class in the place of its style.
fn tag_without_style(tag: &str, styles: &mut BTreeSet<String>) -> String {
    const STYLE: &str = " style=\"";
    const CLASS: &str = " class=\"";
    let Some((before, from_style)) = tag.split_once(STYLE) else {
        return tag.to_owned();
    };
    let Some((style, after)) = from_style.split_once('"') else {
        return tag.to_owned();
    };
    let class = class_of(style);
    styles.insert(style.to_owned());
    let without = format!("{before}{after}");
    match without.split_once(CLASS) {
        Some((before, from_class)) => format!("{before}{CLASS}{class} {from_class}"),
        None => format!("{before}{CLASS}{class}\"{after}"),
    }
}

/// What stood in the element itself wins over every rule, and still has to.
fn important(style: &str) -> String {
    let declarations = style
        .split(';')
        .map(str::trim)
        .filter(|one| !one.is_empty());
    declarations
        .map(|declaration| format!("{declaration} !important;"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn class_of(style: &str) -> String {
    format!("apart-{}", fingerprint(style))
}

/// Eight digits that name a content.
fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str, depth: usize) -> (String, BTreeMap<String, String>, Vec<String>) {
        let (mut scripts, mut styles) = (BTreeMap::new(), BTreeSet::new());
        let page = page_without(text, depth, &mut scripts, &mut styles);
        (page, scripts, styles.into_iter().collect())
    }

    #[test]
    fn an_inline_script_is_loaded_from_its_place() {
        let (page, scripts, _) =
            rewritten("<p>a</p><script>\nlet a = \"</p>\";</script><p>b</p>", 1);
        let (name, script) = scripts.first_key_value().expect("a script");
        assert_eq!(script, "\nlet a = \"</p>\";");
        assert_eq!(
            page,
            format!("<p>a</p><script src=\"../{name}\"></script><p>b</p>")
        );
    }

    #[test]
    fn what_is_no_inline_script_stays() {
        for text in [
            "<script src=\"a.js\"></script>",
            "<script type=\"application/json\">{\"a\": 1}</script>",
            "<!-- <script>a</script> -->",
            "<p>1 < 2 and <code>&lt;script&gt;</code></p>",
            "<a title=\"a > b\" href=\"x\">c</a>",
        ] {
            let (page, scripts, styles) = rewritten(text, 0);
            assert_eq!(page, text);
            assert!(scripts.is_empty() && styles.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_style_becomes_a_class() {
        let class = class_of("clear: both");
        let (page, _, styles) = rewritten(
            "<div style=\"clear: both\" id=\"a\"></div><p class=\"b\" style=\"clear: both\">c</p>",
            0,
        );
        assert_eq!(styles, ["clear: both"]);
        assert_eq!(
            page,
            format!("<div class=\"{class}\" id=\"a\"></div><p class=\"{class} b\">c</p>")
        );
        assert_eq!(important("a:b;c: d;"), "a:b !important; c: d !important;");
    }
}
