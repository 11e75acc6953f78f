//! docs/claims.yaml against the built book: what it says is taught stands there, and what is wrong stands under "Common beliefs".

mod support;

use std::collections::BTreeMap;

use serde::Deserialize;
use support::Learner;

/// How many claims each of the collected documents has; the numbers are permanent.
const NUMBERED: [(u32, u32); 6] = [(0, 50), (1, 14), (2, 29), (3, 24), (4, 67), (5, 22)];
const LESSONS: u32 = 32;
const BELIEFS: &str = "common-beliefs";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    claim: String,
    verdict: Verdict,
    taught: Option<String>,
    lesson: Option<u32>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    True,
    Imprecise,
    Outdated,
    Misleading,
    Wrong,
    Risky,
    Unsourced,
    Opinion,
}

/// A heading of a built page, and the text up to the next one.
struct Section {
    level: u8,
    id: String,
    html: String,
}

fn claims() -> BTreeMap<String, Claim> {
    let path = support::repository().join("docs/claims.yaml");
    let text = std::fs::read_to_string(path).expect("docs/claims.yaml");
    serde_yaml::from_str(&text).expect("claims by number")
}

/// The built book, page by page without `.html`.
fn pages() -> BTreeMap<String, Vec<Section>> {
    let learner = Learner::new();
    let out = learner.home.path().join("book");
    let root = support::repository();
    let arguments = [
        "dev".as_ref(),
        "book".as_ref(),
        "--root".as_ref(),
        root.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
    ];
    let arguments = arguments.map(|argument| argument.to_str().expect("a path in UTF-8"));
    learner.checker(&arguments).exits(0);
    let mut pages = BTreeMap::new();
    for entry in std::fs::read_dir(out).expect("the book").flatten() {
        let path = entry.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "html")
        {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let html = std::fs::read_to_string(path).expect("a page");
            pages.insert(name, sections(&html));
        }
    }
    pages
}

/// Pages are written by our own build, so a heading looks the same in all of them: `<h2 id="…">`.
fn sections(html: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<h") {
        let (before, from) = rest.split_at(start);
        if let Some(open) = sections.last_mut() {
            open.html.push_str(before);
        }
        let level = from.as_bytes().get(2).filter(|byte| byte.is_ascii_digit());
        let id = from[3..]
            .strip_prefix(" id=\"")
            .and_then(|rest| rest.split('"').next());
        match (level, id) {
            (Some(level), Some(id)) => sections.push(Section {
                level: level - b'0',
                id: id.to_owned(),
                html: String::new(),
            }),
            _ => {
                if let Some(open) = sections.last_mut() {
                    open.html.push_str("<h");
                }
            }
        }
        rest = &from[2..];
    }
    if let Some(open) = sections.last_mut() {
        open.html.push_str(rest);
    }
    sections
}

/// The sections below "Common beliefs".
fn beliefs(page: &[Section]) -> &[Section] {
    let Some(start) = page.iter().position(|section| section.id == BELIEFS) else {
        return &[];
    };
    let below = &page[start + 1..];
    let end = below
        .iter()
        .position(|section| section.level <= 2)
        .unwrap_or(below.len());
    &below[..end]
}

#[test]
fn every_claim_has_its_number() {
    let expected: Vec<String> = NUMBERED
        .iter()
        .flat_map(|(document, count)| (1..=*count).map(move |n| format!("{document}-{n:02}")))
        .collect();
    let known: Vec<String> = claims().into_keys().collect();
    assert_eq!(known, expected);
}

#[test]
fn a_claim_is_taught_or_belongs_to_a_lesson_that_is_still_to_come() {
    let pages = pages();
    let has_chapter = |number: u32| {
        let prefix = format!("{number:02}-");
        pages.keys().any(|page| page.starts_with(&prefix))
    };
    let mut problems = Vec::new();
    for (number, claim) in claims() {
        let said = &claim.claim;
        match (&claim.taught, claim.lesson) {
            (Some(place), None) => {
                let Some((page, anchor)) = place.split_once('#') else {
                    problems.push(format!("{number}: `{place}` names no heading"));
                    continue;
                };
                let empty = Vec::new();
                let sections = pages.get(page).unwrap_or(&empty);
                if !sections.iter().any(|section| section.id == anchor) {
                    problems.push(format!("{number} ({said}): there is no {page}#{anchor}"));
                }
                let is_belief = beliefs(sections).iter().any(|section| section.id == anchor);
                if matches!(claim.verdict, Verdict::Wrong | Verdict::Misleading) && !is_belief {
                    problems.push(format!(
                        "{number} ({said}): {place} is not under Common beliefs"
                    ));
                }
            }
            (None, Some(lesson)) if !(1..=LESSONS).contains(&lesson) => {
                problems.push(format!("{number}: there is no lesson {lesson}"));
            }
            (None, Some(lesson)) if has_chapter(lesson) => {
                problems.push(format!(
                    "{number} ({said}): lesson {lesson} has a chapter; name the heading"
                ));
            }
            (None, Some(_)) => {}
            _ => problems.push(format!("{number}: needs either `taught` or `lesson`")),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_common_belief_says_what_happens_and_how_we_know() {
    let mut seen = 0;
    let mut problems = Vec::new();
    for (page, sections) in pages() {
        if page == "print" {
            continue;
        }
        for belief in beliefs(&sections) {
            seen += 1;
            for part in ["What happens.", "How we know."] {
                if !belief.html.contains(part) {
                    problems.push(format!("{page}#{}: no \"{part}\"", belief.id));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(seen >= 14, "only {seen} beliefs were found");
}
