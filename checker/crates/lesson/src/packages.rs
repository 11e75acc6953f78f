//! What the steps of a Dockerfile install, and from which files.

use std::collections::BTreeSet;

use dockerfile::context::{Entry, Listing};
use dockerfile::{BuildMountKind, Dockerfile, Kind, Step, Word};

/// What a step does with Debian's packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apt {
    /// Fetches the lists of packages.
    Update,
    /// Installs packages.
    Install,
}

/// What `apt-get` or `apt` is told.
pub fn apt(step: &Step) -> Option<Apt> {
    if !matches!(step.program()?, "apt-get" | "apt" | "aptitude") {
        return None;
    }
    step.arguments()
        .iter()
        .find_map(|word| match word.text.as_str() {
            "update" => Some(Apt::Update),
            "install" | "upgrade" | "dist-upgrade" | "full-upgrade" => Some(Apt::Install),
            _ => None,
        })
}

/// A `pip install`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pip {
    /// Packages that are named on the command line; folders are not among them.
    pub packages: Vec<Word>,
    /// Files of requirements.
    pub files: Vec<Word>,
    /// Files of constraints.
    pub constraints: Vec<Word>,
}

/// Options of pip that take the next word, besides those that are looked at here.
const WITH_VALUE: [&str; 41] = [
    "-i",
    "--index-url",
    "--pypi-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "-t",
    "--target",
    "-b",
    "--build",
    "--build-constraint",
    "-d",
    "--dest",
    "-w",
    "--wheel-dir",
    "--prefix",
    "--root",
    "--src",
    "--cache-dir",
    "--python",
    "--python-version",
    "--platform",
    "--implementation",
    "--abi",
    "--timeout",
    "--default-timeout",
    "--retries",
    "--resume-retries",
    "--proxy",
    "--cert",
    "--client-cert",
    "--trusted-host",
    "--log",
    "--report",
    "--only-binary",
    "--no-binary",
    "--progress-bar",
    "--root-user-action",
    "--exists-action",
    "-C",
    "--config-settings",
];

/// Whether this is pip; also `python -m pip` and `uv pip`.
pub fn is_pip(step: &Step) -> bool {
    pip_words(step).is_some()
}

/// What stands behind `pip`.
fn pip_words(step: &Step) -> Option<&[Word]> {
    let program = step.program()?;
    let words = step.arguments();
    let first = words.first().map(|word| word.text.as_str());
    let second = words.get(1).map(|word| word.text.as_str());
    match (first, second) {
        (Some("-m"), Some("pip")) if program.starts_with("python") => words.get(2..),
        (Some("pip"), _) if program == "uv" => words.get(1..),
        _ if program.starts_with("pip") && program != "pipenv" && program != "pipx" => Some(words),
        _ => None,
    }
}

/// What pip is told to install, or to fetch and build so that a later step installs it; also `python -m pip` and `uv pip`.
pub fn pip(step: &Step) -> Option<Pip> {
    let mut words = pip_words(step)?.iter();
    if !words.any(|word| matches!(word.text.as_str(), "install" | "wheel" | "download")) {
        return None;
    }
    let mut pip = Pip::default();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        let list = match text {
            "-r" | "--requirement" | "--requirements" => Some(&mut pip.files),
            "-c" | "--constraint" | "--constraints" => Some(&mut pip.constraints),
            _ => None,
        };
        if let Some(list) = list {
            list.extend(words.next().cloned());
            continue;
        }
        let glued = [
            ("--requirement=", true),
            ("--constraint=", false),
            ("-r", true),
            ("-c", false),
        ];
        let glued = glued
            .iter()
            .find_map(|(option, is_file)| Some((text.strip_prefix(option)?, *is_file)));
        match glued {
            Some((path, is_file)) => {
                let word = Word {
                    text: path.to_owned(),
                    span: word.span,
                };
                match is_file {
                    true => pip.files.push(word),
                    false => pip.constraints.push(word),
                }
            }
            None if WITH_VALUE.contains(&text) => drop(words.next()),
            None if text.starts_with(['-', '.', '/']) => {}
            None => pip.packages.push(word.clone()),
        }
    }
    Some(pip)
}

/// Where in the context the files lie that pip installs from, with those that they name in turn left to the reader of them.
/// Paths are below the context's folder; a file that none of them can be is left out.
pub fn requirement_files(dockerfile: &Dockerfile, listing: &Listing) -> BTreeSet<String> {
    let steps = dockerfile
        .instructions
        .iter()
        .filter_map(|one| one.command());
    let pips = steps.flat_map(|command| &command.steps).filter_map(pip);
    let names = pips.flat_map(|pip| pip.files.into_iter().chain(pip.constraints));
    names
        .filter_map(|name| in_context(dockerfile, listing, &name.text))
        .collect()
}

/// The file of the context that a path inside the image was copied from.
pub fn in_context(dockerfile: &Dockerfile, listing: &Listing, path: &str) -> Option<String> {
    let name = file_name(path);
    let is_file = |path: &str| !matches!(listing.entries.get(path), None | Some(Entry::Folder));
    // `RUN --mount=type=bind,source=requirements.txt,target=/tmp/r.txt`
    let mut mounts = dockerfile
        .instructions
        .iter()
        .flat_map(|one| one.mounts())
        .filter(|mount| mount.kind == BuildMountKind::Bind && mount.from.is_none());
    let mounted = mounts.find_map(|mount| {
        let source = mount.source.as_deref()?;
        let source = source.trim_start_matches("./").trim_start_matches('/');
        (mount.target.as_deref() == Some(path) && is_file(source)).then(|| source.to_owned())
    });
    // `COPY requirements.lock requirements.txt`
    let renamed = dockerfile.instructions.iter().find_map(|one| {
        let (Kind::Copy(copied) | Kind::Add(copied)) = &one.kind else {
            return None;
        };
        let [source] = copied.sources.as_slice() else {
            return None;
        };
        let source = source.text.trim_start_matches("./").trim_start_matches('/');
        let is_it = file_name(&copied.destination.text) == name && is_file(source);
        is_it.then(|| source.to_owned())
    });
    let trimmed = path.trim_start_matches("./");
    let same = is_file(trimmed).then(|| trimmed.to_owned());
    // The least deep of those that are called so.
    let called = || {
        let paths = listing.entries.keys();
        let called = paths.filter(|path| file_name(path) == name && is_file(path));
        called.min_by_key(|path| path.matches('/').count()).cloned()
    };
    mounted.or(renamed).or(same).or_else(called)
}

pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// One line of a file of requirements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The package's name as PyPI compares it: small letters, `-` for `_` and `.`.
    pub name: String,
    /// Whether exactly one version fits it.
    pub is_pinned: bool,
    /// The version that it names, if it names one.
    pub version: Option<String>,
    /// Its line, from 1.
    pub line: u32,
    /// The line as written.
    pub text: String,
}

/// The requirements in a text, and the files that it names.
pub fn requirements(text: &str) -> (Vec<Requirement>, Vec<String>) {
    let mut requirements = Vec::new();
    let mut files = Vec::new();
    let mut goes_on = false;
    for (line, text) in (1..).zip(text.lines()) {
        let content = text.split(" #").next().unwrap_or(text).trim();
        let is_rest = goes_on;
        goes_on = content.ends_with('\\');
        if is_rest || content.is_empty() || content.starts_with('#') {
            continue;
        }
        let content = content.trim_end_matches('\\').trim();
        if let Some(option) = content.strip_prefix('-') {
            let option = option.trim_start_matches('-');
            let (option, value) = option.split_once([' ', '=']).unwrap_or((option, ""));
            if matches!(option, "r" | "requirement" | "c" | "constraint") {
                files.push(value.trim().to_owned());
            }
            continue;
        }
        requirements.push(requirement(content, line, text));
    }
    (requirements, files)
}

/// What `name[extra]==1.0; python_version > "3"` asks for.
pub fn requirement(content: &str, line: u32, text: &str) -> Requirement {
    let content = content.split(';').next().unwrap_or(content);
    let end = content
        .find(|letter: char| !letter.is_ascii_alphanumeric() && !"-_.".contains(letter))
        .unwrap_or(content.len());
    let (name, rest) = content.split_at(end);
    let rest = rest.trim_start();
    let rest = match rest.split_once(']') {
        Some((_, rest)) if content[end..].trim_start().starts_with('[') => rest.trim_start(),
        _ => rest,
    };
    let version = rest.trim_start_matches('(').strip_prefix("==");
    let version =
        version.and_then(|version| version.trim_start_matches('=').split_whitespace().next());
    let version = version
        .map(|version| version.trim_end_matches(')'))
        .filter(|version| !version.is_empty() && !rest.contains(['*', ',']));
    Requirement {
        name: name.to_ascii_lowercase().replace(['_', '.'], "-"),
        // An address names one file.
        is_pinned: version.is_some() || rest.starts_with('@') || content.contains("--hash="),
        version: version.map(str::to_owned),
        line,
        text: text.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use compose::SourceId;

    use super::*;

    fn first_pip(line: &str) -> Pip {
        let text = format!("FROM x\nRUN {line}\n");
        let dockerfile = dockerfile::parse(&text, SourceId(0));
        let command = dockerfile.instructions[1].command().expect("a command");
        command.steps.iter().find_map(pip).expect("a pip install")
    }

    #[test]
    fn pip_is_found_in_its_spellings() {
        for line in [
            "pip install -r a.txt flask",
            "cd /app && pip3 install --no-cache-dir flask -ra.txt",
            "python3 -m pip install --index-url http://x flask --requirement=a.txt",
            "/opt/venv/bin/pip install flask --requirement a.txt .",
            "uv pip install --system flask -r a.txt",
            "pip wheel --wheel-dir /wheels flask -r a.txt",
            "pip install --retries 5 --root-user-action ignore --progress-bar off flask -r a.txt",
        ] {
            let pip = first_pip(line);
            let texts = |words: &[Word]| -> Vec<String> {
                words.iter().map(|word| word.text.clone()).collect()
            };
            assert_eq!(texts(&pip.files), ["a.txt"], "{line}");
            assert_eq!(texts(&pip.packages), ["flask"], "{line}");
        }
    }

    #[test]
    fn requirements_are_read_as_pip_reads_them() {
        let text = "# a comment\nFlask==3.1.0  # why\nwaitress>=3\nMarkup_Safe[x] == 2.0 ; python_version > '3'\n-r more.txt\nclick==8.* \nblinker==1.8 \\\n    --hash=sha256:aa\npkg @ https://x/y.whl\n";
        let (requirements, files) = requirements(text);
        let pinned: Vec<_> = requirements
            .iter()
            .map(|one| (one.name.as_str(), one.is_pinned))
            .collect();
        assert_eq!(
            pinned,
            [
                ("flask", true),
                ("waitress", false),
                ("markup-safe", true),
                ("click", false),
                ("blinker", true),
                ("pkg", true)
            ]
        );
        assert_eq!(files, ["more.txt"]);
    }
}
