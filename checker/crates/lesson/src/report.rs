//! The verdict: what every host shows, in its own way.

use serde::{Deserialize, Serialize};

/// Version of the report's JSON form.
pub const SCHEMA_VERSION: u32 = 1;

/// What came of one lesson.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// `lesson-4`
    pub lesson: String,
    /// The lesson's title.
    pub title: String,
    /// When the evidence was gathered.
    pub at: jiff::Timestamp,
    /// Whether containers were looked at.
    pub scope: Scope,
    /// One entry a check, in the lesson's order. With [`Scope::Files`] only those that need no container.
    pub checks: Vec<CheckReport>,
    /// Containers that are still starting.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starting: Vec<Starting>,
}

/// How far a report looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The learner's files alone.
    Files,
    /// Files and containers.
    FilesAndContainers,
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// `standalone-finds-etcd`
    pub id: String,
    /// What is true when it passes.
    pub title: String,
    /// Share of the lesson's mark.
    pub weight: u32,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Pass, fail, or why neither.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail {
        /// Where and why; at least one.
        findings: Vec<Finding>,
    },
    /// It does not hold, and does not count.
    Advice {
        /// Where and why; at least one.
        findings: Vec<Finding>,
    },
    /// Nobody knows.
    NotChecked {
        /// Why not.
        reason: Reason,
    },
}

/// Why a check was not judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Reason {
    /// Other checks have to pass first.
    WaitsFor {
        /// Their titles.
        checks: Vec<String>,
    },
    /// A container is still starting.
    Starting(Starting),
    /// No engine answered.
    NoEngine {
        /// What happened.
        text: String,
        /// What to look at or run next.
        next: String,
    },
    /// It could not be seen from here.
    NotSeen {
        /// What stood in the way.
        text: String,
        /// What to look at or run next.
        next: String,
    },
}

/// A container that is still starting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Starting {
    /// Its service.
    pub service: String,
    /// How long it has been, in seconds.
    pub seconds: u64,
    /// After how many seconds its health check will have decided.
    pub at_most: u64,
}

/// One thing that is not as expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    #[serde(rename = "where")]
    pub spot: Spot,
    /// What stands or happens there.
    pub found: String,
    /// What would be right.
    pub expected: String,
    /// Why it matters.
    pub why: String,
    /// What to look at or run next.
    pub next: String,
}

/// What a finding looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Spot {
    /// A place in a file of the learner's.
    File {
        /// Path in the lesson's folder.
        path: String,
        /// Line, counted from 1.
        line: u32,
        /// Column of the first character, counted from 1.
        column: u32,
        /// Column after the last character, on the same line.
        end_column: u32,
        /// The line's text.
        excerpt: String,
    },
    /// A file as a whole, or one that is not there.
    WholeFile {
        /// Path in the lesson's folder.
        path: String,
    },
    /// A container.
    Container {
        /// Its name; the service's where there is no container.
        name: String,
        /// Log or health-check lines that matter, in the program's words.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lines: Vec<String>,
    },
    /// A question put to a service.
    Probe {
        /// `GET http://127.0.0.1:9091/healthz`
        question: String,
    },
}

/// The whole report in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every counted check passed, files and containers.
    Passed,
    /// The files pass; the containers were not asked.
    FilesPass,
    /// Something failed.
    Failed,
    /// Nothing failed, and not everything that counts was checked.
    Incomplete,
}

/// How many checks came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Not checked.
    pub not_checked: usize,
    /// Advice given.
    pub advice: usize,
}

impl Report {
    /// How many checks came out how.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for check in &self.checks {
            match check.verdict {
                Verdict::Pass => counts.passed += 1,
                Verdict::Fail { .. } => counts.failed += 1,
                Verdict::Advice { .. } => counts.advice += 1,
                Verdict::NotChecked { .. } => counts.not_checked += 1,
            }
        }
        counts
    }

    /// The whole report in a word. A report in which nothing was judged is never a success.
    pub fn outcome(&self) -> Outcome {
        let counts = self.counts();
        match self.scope {
            _ if counts.failed > 0 => Outcome::Failed,
            _ if counts.not_checked > 0 || counts.passed == 0 => Outcome::Incomplete,
            Scope::Files => Outcome::FilesPass,
            Scope::FilesAndContainers => Outcome::Passed,
        }
    }

    /// The ids of the checks that are red: failed, or advice given.
    pub fn red(&self) -> Vec<&str> {
        self.checks
            .iter()
            .filter(|check| matches!(check.verdict, Verdict::Fail { .. } | Verdict::Advice { .. }))
            .map(|check| check.id.as_str())
            .collect()
    }
}

impl Reason {
    /// The reason in one sentence.
    pub fn text(&self) -> String {
        match self {
            Self::WaitsFor { checks } => {
                let titles: Vec<_> = checks.iter().map(|title| format!("\"{title}\"")).collect();
                format!("waits for {}", titles.join(" and "))
            }
            Self::Starting(starting) => starting.text(),
            Self::NoEngine { text, .. } | Self::NotSeen { text, .. } => text.clone(),
        }
    }

    /// What to look at or run next.
    pub fn next(&self) -> Option<&str> {
        match self {
            Self::WaitsFor { .. } | Self::Starting(_) => None,
            Self::NoEngine { next, .. } | Self::NotSeen { next, .. } => Some(next),
        }
    }
}

impl Starting {
    /// `standalone is still starting: 18 s of at most 90 s`
    pub fn text(&self) -> String {
        let Self {
            service,
            seconds,
            at_most,
        } = self;
        format!("{service} is still starting: {seconds} s of at most {at_most} s")
    }
}
