//! What came of all projects, counted and printed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::compare::{Difference, Judged, Outcome, Place, Project, Refused, Verdict};
use super::reason::Match;

/// The version of the JSON that `--format json` prints.
const SCHEMA_VERSION: u32 = 1;
/// How much of a value or a text is shown to a person, in characters.
const MOST: usize = 200;

/// So many of so many.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    part: usize,
    of: usize,
}

impl Share {
    fn add(&mut self, counts: bool) {
        self.part += usize::from(counts);
        self.of += 1;
    }

    fn to_json(self) -> Value {
        json!({ "part": self.part, "of": self.of })
    }

    /// `638 of 639 (99.8 %)`; nothing of nothing is all of it.
    fn with_percentage(self) -> String {
        let percentage = match self.of {
            0 => 100.0,
            of => 100.0 * self.part as f64 / of as f64,
        };
        format!("{self} ({percentage:.1} %)")
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} of {}", self.part, self.of)
    }
}

/// How a project differs, in the order in which the kinds are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Different,
    RefusedAlone,
    AcceptedAlone,
    OtherReason,
}

impl Kind {
    const ALL: [Self; 4] = [
        Self::Different,
        Self::RefusedAlone,
        Self::AcceptedAlone,
        Self::OtherReason,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Different => "different",
            Self::RefusedAlone => "refused alone",
            Self::AcceptedAlone => "accepted alone",
            Self::OtherReason => "refused for another reason",
        }
    }
}

/// A project that differs.
struct Row {
    kind: Kind,
    name: String,
    /// Its first feature; the differences are shown by it.
    feature: String,
    told: String,
    detail: Value,
    exception: Option<String>,
}

/// What came of all projects.
pub struct Summary {
    /// Which Docker Compose was asked, where one was.
    version: Option<String>,
    rows: Vec<Row>,
    by_feature: BTreeMap<String, Share>,
    agreed: Share,
    refused_alike: Share,
    for_the_same_reason: Share,
    by_the_first_error: Share,
    content_with_place: Share,
    path_with_place: Share,
    /// Exceptions that agree.
    needless: Vec<String>,
    /// Exceptions that name no project.
    pub missing: Vec<String>,
}

impl Summary {
    /// Nothing counted yet.
    pub fn new(version: Option<String>) -> Self {
        Self {
            version,
            rows: Vec::new(),
            by_feature: BTreeMap::new(),
            agreed: Share::default(),
            refused_alike: Share::default(),
            for_the_same_reason: Share::default(),
            by_the_first_error: Share::default(),
            content_with_place: Share::default(),
            path_with_place: Share::default(),
            needless: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Counts one project; `exception` is why it may differ.
    pub fn add(&mut self, project: &Project, judged: Judged, exception: Option<&str>) {
        match judged.refused {
            Some(Refused::Content(place)) => self.content_with_place.add(place == Place::Named),
            Some(Refused::Path(place)) => self.path_with_place.add(place == Place::Named),
            None => {}
        }
        match &project.verdict {
            Verdict::Loads { .. } => {
                let agrees = matches!(judged.outcome, Outcome::Agreed);
                self.agreed.add(agrees);
                for feature in &project.features {
                    self.by_feature
                        .entry(feature.clone())
                        .or_default()
                        .add(agrees);
                }
            }
            Verdict::Refuses(_) => {
                self.refused_alike
                    .add(matches!(judged.outcome, Outcome::RefusedAlike(_)));
            }
        }
        if let Outcome::RefusedAlike(reason) = &judged.outcome
            && *reason != Match::NotOfContent
        {
            self.for_the_same_reason
                .add(matches!(reason, Match::First | Match::Later));
            self.by_the_first_error.add(*reason == Match::First);
        }
        let (kind, told, detail) = match judged.outcome {
            Outcome::Agreed
            | Outcome::RefusedAlike(Match::First | Match::Later | Match::NotOfContent) => {
                if exception.is_some() {
                    self.needless.push(project.name.clone());
                }
                return;
            }
            Outcome::Different(difference) => {
                (Kind::Different, told(&difference), detail(difference))
            }
            Outcome::RefusedAlone(ours) => {
                let detail = json!({ "ours": ours });
                (Kind::RefusedAlone, ours, detail)
            }
            Outcome::AcceptedAlone(theirs) => {
                let detail = json!({ "theirs": theirs });
                (Kind::AcceptedAlone, theirs, detail)
            }
            Outcome::RefusedAlike(Match::None { theirs, ours }) => {
                let told = format!("Compose: {theirs}; we: {ours}");
                (
                    Kind::OtherReason,
                    told,
                    json!({ "theirs": theirs, "ours": ours }),
                )
            }
        };
        self.rows.push(Row {
            kind,
            name: project.name.clone(),
            feature: project
                .features
                .first()
                .cloned()
                .unwrap_or_else(|| "no feature".to_owned()),
            told,
            detail,
            exception: exception.map(String::from),
        });
    }

    /// Whether nothing differs but the exceptions, and each of these does.
    pub fn is_as_expected(&self) -> bool {
        self.needless.is_empty()
            && self.missing.is_empty()
            && self.rows.iter().all(|row| row.exception.is_some())
    }

    /// Prints it for a person: of each kind and feature the `first` projects; all of them for 0.
    pub fn print(&self, first: usize) {
        let first = if first == 0 { usize::MAX } else { first };
        if let Some(version) = &self.version {
            anstream::println!("Docker Compose {version}");
        }
        for kind in Kind::ALL {
            self.print_kind(kind, first);
        }
        for name in &self.needless {
            anstream::println!("agrees now: {name}: take it off the list of exceptions");
        }
        for name in &self.missing {
            anstream::println!("no such project: {name}: take it off the list of exceptions");
        }
        for (feature, share) in &self.by_feature {
            anstream::println!("{feature}: {share}");
        }
        let count = |kind: Kind| self.rows.iter().filter(|row| row.kind == kind).count();
        let known = self
            .rows
            .iter()
            .filter(|row| row.exception.is_some())
            .count();
        if known > 0 {
            anstream::println!(
                "known exceptions among the differences: {known} of {}",
                self.rows.len()
            );
        }
        anstream::println!("refused alone: {}", count(Kind::RefusedAlone));
        anstream::println!("accepted alone: {}", count(Kind::AcceptedAlone));
        anstream::println!("refused alike: {}", self.refused_alike);
        anstream::println!(
            "refused for the same reason at the same key: {}, by our first error: {}",
            self.for_the_same_reason.with_percentage(),
            self.by_the_first_error
        );
        anstream::println!(
            "refusals with a place: {}, of content: {}, of a path: {}",
            Share {
                part: self.content_with_place.part + self.path_with_place.part,
                of: self.content_with_place.of + self.path_with_place.of,
            },
            self.content_with_place,
            self.path_with_place
        );
        anstream::println!("agreed {}", self.agreed.with_percentage());
    }

    fn print_kind(&self, kind: Kind, first: usize) {
        let mut by_feature: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.kind == kind) {
            let feature = match kind {
                Kind::Different => row.feature.as_str(),
                _ => "",
            };
            by_feature.entry(feature).or_default().push(row);
        }
        for (feature, rows) in by_feature {
            match feature {
                "" => anstream::println!("{}", kind.title()),
                feature => anstream::println!("{}, {feature}", kind.title()),
            }
            for row in rows.iter().take(first) {
                anstream::println!("  {}: {}", row.name, shortened(&row.told));
                if let Some(reason) = &row.exception {
                    anstream::println!("    known: {reason}");
                }
            }
            if rows.len() > first {
                anstream::println!("  and {} more; `--first 0` shows all", rows.len() - first);
            }
        }
    }

    /// Everything, for programs.
    pub fn to_json(&self) -> Value {
        let rows = |kind: Kind| -> Vec<Value> {
            let rows = self.rows.iter().filter(|row| row.kind == kind);
            rows.map(|row| {
                json!({ "files": row.name, "feature": row.feature, "detail": row.detail, "exception": row.exception })
            })
            .collect()
        };
        let by_feature: serde_json::Map<String, Value> = self
            .by_feature
            .iter()
            .map(|(feature, share)| (feature.clone(), share.to_json()))
            .collect();
        json!({
            "schema_version": SCHEMA_VERSION,
            "compose_version": self.version,
            "different": rows(Kind::Different),
            "refused_alone": rows(Kind::RefusedAlone),
            "accepted_alone": rows(Kind::AcceptedAlone),
            "refused_for_another_reason": rows(Kind::OtherReason),
            "needless_exceptions": self.needless,
            "exceptions_without_project": self.missing,
            "by_feature": by_feature,
            "refused_alike": self.refused_alike.to_json(),
            "refused_for_the_same_reason": self.for_the_same_reason.to_json(),
            "by_the_first_error": self.by_the_first_error.to_json(),
            "content_with_place": self.content_with_place.to_json(),
            "path_with_place": self.path_with_place.to_json(),
            "agreed": self.agreed.to_json(),
        })
    }
}

fn told(difference: &Difference) -> String {
    let side = |value: &Option<Value>| match value {
        Some(value) => shortened(&value.to_string()),
        None => "nothing".to_owned(),
    };
    let (expected, got) = (side(&difference.expected), side(&difference.got));
    format!("{}: expected {expected}, got {got}", difference.path)
}

fn detail(difference: Difference) -> Value {
    json!({ "path": difference.path, "expected": difference.expected, "got": difference.got })
}

/// On one line, and no longer than can be read.
fn shortened(text: &str) -> String {
    let line = text.replace('\n', " ");
    match line.char_indices().nth(2 * MOST) {
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}
