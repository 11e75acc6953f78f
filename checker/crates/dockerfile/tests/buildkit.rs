//! What we say of Dockerfiles and contexts, compared with what BuildKit does.
//!
//! `odd.txt` holds Dockerfiles, `odd.buildkit.txt` what BuildKit said of each. Without an engine the recorded answers count;
//! with one they are asked for again (`RECORD=1` writes them anew), and generated contexts are built.

#[path = "../../engine/tests/support/needs_engine.rs"]
mod needs_engine;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use compose::Sources;
use dockerfile::context::{Context, Entry, Listing};
use dockerfile::{Request, ignore, parse};
use libtest_mimic::{Arguments, Failed, Trial};
use needs_engine::Test;

/// Where we accept what this BuildKit refuses, and why.
const KNOWN: [(&str, &str); 2] = [
    (
        "copy-parents",
        "BuildKit has the flag from a later version on",
    ),
    ("run-security", "the flag belongs to the labs channel"),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let live: [(&str, Test); 2] = [
        ("buildkit_still_says_so", still_says_so),
        (
            "generated_contexts_are_sent_as_simulated",
            generated_contexts,
        ),
    ];
    let mut trials = vec![
        Trial::test("odd_dockerfiles_are_accepted_and_refused_alike", alike),
        Trial::test("every_place_lies_in_the_file", places),
    ];
    trials.extend(needs_engine::trials(live));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What is said of a Dockerfile.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    /// Refused for something on this line; 0 where none is named.
    Refused(usize),
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// `=== name`, and the text up to the next one.
fn odd() -> Vec<(String, String)> {
    let text = fs::read_to_string(tests().join("odd.txt")).expect("the cases");
    let mut cases: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        match (line.strip_prefix("=== "), cases.last_mut()) {
            (Some(name), _) => cases.push((name.trim().to_owned(), String::new())),
            (None, Some((_, case))) => case.push_str(line),
            (None, None) => {}
        }
    }
    cases
}

fn recorded() -> BTreeMap<String, Verdict> {
    let text = fs::read_to_string(tests().join("odd.buildkit.txt")).expect("the answers");
    let answer = |line: &str| {
        let mut parts = line.split('\t');
        let name = parts.next()?.to_owned();
        let verdict = match parts.next()? {
            "accepted" => Verdict::Accepted,
            line => Verdict::Refused(line.parse().ok()?),
        };
        Some((name, verdict))
    };
    text.lines().filter_map(answer).collect()
}

fn ours(text: &str) -> Verdict {
    let text = text.trim_start_matches('\u{feff}');
    let mut sources = Sources::new();
    let source = sources.add("Dockerfile", text);
    let dockerfile = parse(text, source);
    // As `docker build --check` does, all stages are looked at.
    let (plan, mut findings) = dockerfile.plan(&Request::default());
    findings.extend(dockerfile.findings);
    let stages = plan.into_iter().flat_map(|plan| plan.stages);
    findings.extend(stages.flat_map(|stage| stage.findings));
    let lines = findings
        .iter()
        .filter_map(|finding| Some(sources.position(finding.span?).line as usize));
    match lines.min() {
        Some(line) => Verdict::Refused(line),
        None if findings.is_empty() => Verdict::Accepted,
        None => Verdict::Refused(0),
    }
}

fn alike() -> Result<(), Failed> {
    let recorded = recorded();
    let mut differ = Vec::new();
    let mut compared = 0;
    for (name, text) in odd() {
        let Some(theirs) = recorded.get(&name) else {
            differ.push(format!("{name}: no answer is recorded"));
            continue;
        };
        let ours = ours(&text);
        compared += 1;
        // BuildKit gives the whole file no line, and a wrong directive the line before.
        let same = match (&ours, theirs) {
            (Verdict::Accepted, Verdict::Accepted) => true,
            (Verdict::Refused(ours), Verdict::Refused(theirs)) => {
                ours == theirs
                    || *theirs == 0
                    || name == "escape-twice"
                    || name == "no-instructions"
            }
            _ => false,
        };
        let is_known = KNOWN.iter().any(|(known, _)| *known == name);
        if same == is_known {
            differ.push(format!("{name}: we say {ours:?}, BuildKit {theirs:?}"));
        }
    }
    match differ.as_slice() {
        [] if compared >= 190 => Ok(()),
        [] => Err(format!("only {compared} were compared").into()),
        differ => Err(differ.join("\n").into()),
    }
}

fn places() -> Result<(), Failed> {
    let all: String = odd().into_iter().map(|(_, text)| text).collect();
    // Every beginning of everything: nothing panics on what is cut off, and every place lies in the text.
    let cuts = all.char_indices().map(|(at, _)| at);
    for cut in cuts {
        let start = cut.saturating_sub(300);
        let start = (start..=cut)
            .find(|at| all.is_char_boundary(*at))
            .unwrap_or(cut);
        let text = &all[start..cut];
        let mut sources = Sources::new();
        let source = sources.add("Dockerfile", text);
        let dockerfile = parse(text, source);
        let (plan, findings) = dockerfile.plan(&Request::default());
        let stages = plan.into_iter().flat_map(|plan| plan.stages);
        let spans = dockerfile
            .instructions
            .iter()
            .map(|instruction| instruction.span);
        let told = findings.into_iter().chain(dockerfile.findings.clone());
        let told = told
            .chain(stages.flat_map(|stage| stage.findings))
            .filter_map(|finding| finding.span);
        for span in spans.chain(told) {
            if span.start > span.end || text.get(span.start as usize..span.end as usize).is_none() {
                return Err(format!("a place outside of the text: {span:?} in {text:?}").into());
            }
        }
    }
    Ok(())
}

fn still_says_so() -> Result<(), Failed> {
    let asked: Vec<_> = odd()
        .into_iter()
        .map(|(name, text)| (name, ask(&text)))
        .collect();
    if std::env::var_os("RECORD").is_some() {
        let lines = asked
            .iter()
            .map(|(name, (verdict, message))| match verdict {
                Verdict::Accepted => format!("{name}\taccepted\n"),
                Verdict::Refused(line) => format!("{name}\t{line}\t{message}\n"),
            });
        fs::write(tests().join("odd.buildkit.txt"), lines.collect::<String>())?;
    }
    let recorded = recorded();
    let differ: Vec<_> = asked
        .iter()
        .filter(|(name, (verdict, _))| recorded.get(name) != Some(verdict))
        .map(|(name, (verdict, message))| format!("{name}: {verdict:?} {message}"))
        .collect();
    match differ.as_slice() {
        [] => Ok(()),
        differ => Err(differ.join("\n").into()),
    }
}

/// `docker build --check`, which builds nothing.
fn ask(text: &str) -> (Verdict, String) {
    let mut child = Command::new("docker")
        .args(["buildx", "build", "--call=check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("docker");
    let mut input = child.stdin.take().expect("its input");
    // Who refuses at once reads no more.
    let _ = input.write_all(text.as_bytes());
    drop(input);
    let output = child.wait_with_output().expect("its answer");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let Some((_, refusal)) = said.split_once("ERROR: ") else {
        return (Verdict::Accepted, String::new());
    };
    let message = refusal.lines().next().unwrap_or_default().to_owned();
    // Below it: `Dockerfile:3`.
    let place = refusal.lines().nth(1).unwrap_or_default();
    let line = place.rsplit(':').next().and_then(|line| line.parse().ok());
    (Verdict::Refused(line.unwrap_or_default()), message)
}

/// Numbers that look random and are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

const NAMES: [&str; 16] = [
    "a",
    "b",
    "ab",
    "app",
    "src",
    "x.log",
    "y.log",
    ".env",
    "node_modules",
    ".git",
    "README.md",
    "a b",
    "a+b",
    "[x]",
    "é",
    "Dockerfile",
];
const PIECES: [&str; 26] = [
    "a",
    "b",
    "ab",
    "app",
    "src",
    "x.log",
    ".env",
    "node_modules",
    "*",
    "*",
    "**",
    "**",
    "*.log",
    "*.md",
    "?",
    "a*",
    "[ab]",
    "[^a]",
    "**b",
    "\\[x\\]",
    ".",
    "..",
    "a+b",
    "é",
    "*/",
    "a**",
];

fn generated_contexts() -> Result<(), Failed> {
    let first = std::env::var("FIRST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let first: u64 = first.unwrap_or_default();
    let count = 60;
    let mut differ = Vec::new();
    let mut left_out = 0;
    for seed in first..first + count {
        let folder = tempfile::tempdir()?;
        let mut random = Random(seed);
        let ignore = make_context(folder.path(), &mut random)?;
        let listing = list(folder.path())?;
        let simulated = simulate(&listing, &ignore);
        let sent = sent(folder.path())?;
        left_out += simulated.as_ref().map_or(0, |simulated| {
            usize::from(simulated.len() < listing.entries.len())
        });
        if simulated != sent {
            let of = |paths: &Option<BTreeSet<String>>| paths.clone().unwrap_or_default();
            let only_ours: Vec<_> = of(&simulated).difference(&of(&sent)).cloned().collect();
            let only_theirs: Vec<_> = of(&sent).difference(&of(&simulated)).cloned().collect();
            differ.push(format!(
                "seed {seed}: {ignore:?}: refused {} and {}, only ours {only_ours:?}, only sent {only_theirs:?}",
                simulated.is_none(),
                sent.is_none(),
            ));
        }
    }
    if !differ.is_empty() {
        return Err(differ.join("\n").into());
    }
    // Contexts of which everything is sent would prove little.
    match left_out * 3 > count as usize {
        true => Ok(()),
        false => Err(format!("in only {left_out} contexts something is left out").into()),
    }
}

/// Files, folders, links and an ignore file; its text is returned.
fn make_context(folder: &Path, random: &mut Random) -> Result<String, Failed> {
    let mut folders = vec![String::new()];
    for _ in 0..4 + random.below(14) {
        let above = folders[random.below(folders.len())].clone();
        let path = format!("{above}{}", random.pick(&NAMES));
        let place = folder.join(&path);
        if place.symlink_metadata().is_ok() || path == "Dockerfile" {
            continue;
        }
        if random.chance(2) {
            fs::create_dir(&place)?;
            folders.push(format!("{path}/"));
        } else if cfg!(unix) && random.chance(8) {
            #[cfg(unix)]
            std::os::unix::fs::symlink(random.pick(&NAMES), &place)?;
        } else {
            fs::write(&place, "x".repeat(random.below(40)))?;
        }
    }
    fs::write(folder.join("Dockerfile"), "FROM scratch\nCOPY . /\n")?;
    let mut ignore = String::new();
    if random.chance(10) {
        ignore.push('\u{feff}');
    }
    for _ in 0..1 + random.below(6) {
        if random.chance(8) {
            ignore.push_str(random.pick(&["# a comment\n", "\n", "   \n", " # no comment\n"]));
        }
        if random.chance(3) {
            ignore.push_str(random.pick(&["!", "! "]));
        }
        ignore.push_str(random.pick(&["", "", "", "/", "./", "  "]));
        let pieces: Vec<_> = (0..1 + random.below(3))
            .map(|_| random.pick(&PIECES))
            .collect();
        ignore.push_str(&pieces.join("/"));
        ignore.push_str(random.pick(&["", "", "", "/", "  ", "\r"]));
        ignore.push('\n');
    }
    let name = match random.chance(4) {
        true => "Dockerfile.dockerignore",
        false => ".dockerignore",
    };
    if name != ".dockerignore" {
        // The other one has no say then.
        fs::write(folder.join(".dockerignore"), "**\n")?;
    }
    fs::write(folder.join(name), &ignore)?;
    Ok(ignore)
}

fn list(folder: &Path) -> Result<Listing, Failed> {
    let mut listing = Listing::default();
    let mut open = vec![(folder.to_path_buf(), String::new())];
    while let Some((folder, above)) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = format!("{above}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            let seen = if kind.is_dir() {
                open.push((entry.path(), format!("{path}/")));
                Entry::Folder
            } else if kind.is_symlink() {
                Entry::Link(fs::read_link(entry.path())?.to_string_lossy().into_owned())
            } else {
                Entry::File(entry.metadata()?.len())
            };
            listing.entries.insert(path, seen);
        }
    }
    Ok(listing)
}

/// The paths that are in; none where a pattern is refused.
fn simulate(listing: &Listing, ignore: &str) -> Option<BTreeSet<String>> {
    let text = ignore.trim_start_matches('\u{feff}');
    let mut sources = Sources::new();
    let ignore = ignore::read(text, sources.add(".dockerignore", text));
    if !ignore.findings.is_empty() {
        return None;
    }
    let context = Context::simulate(listing, &ignore);
    let paths = context.paths.iter().filter(|seen| seen.is_in);
    Some(paths.map(|seen| seen.path.to_owned()).collect())
}

/// The paths in an image that everything is copied into; none where BuildKit refuses to build it.
fn sent(folder: &Path) -> Result<Option<BTreeSet<String>>, Failed> {
    let built = tempfile::tempdir()?;
    let output = Command::new("docker")
        .args(["buildx", "build", "--quiet", "--no-cache", "--output"])
        .arg(format!(
            "type=tar,dest={}",
            built.path().join("image.tar").display()
        ))
        .arg(folder)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return match said.contains("pattern") {
            true => Ok(None),
            false => Err(said.into_owned().into()),
        };
    }
    let listed = Command::new("tar")
        .args(["--list", "--quoting-style=literal", "--file"])
        .arg(built.path().join("image.tar"))
        .output()?;
    let listed = String::from_utf8(listed.stdout)?;
    let paths = listed
        .lines()
        .map(|path| path.trim_end_matches('/').to_owned());
    Ok(Some(
        paths
            .filter(|path| !path.is_empty() && path != ".")
            .collect(),
    ))
}
