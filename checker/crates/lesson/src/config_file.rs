//! Configuration files: which one a service's program is given, and what of the learner's folder stands there.

use compose::{MountKind, Node, Project, Service};

use crate::command;
use crate::format::ConfigFile;

/// A configuration file as a command names it.
pub struct Given<'a> {
    /// Its path in the container, without `.` parts.
    pub path: String,
    /// The part of the command that names it.
    pub node: &'a Node,
    /// What stands at that path.
    pub shows: Shows<'a>,
}

/// What the file puts at a path of a container.
pub enum Shows<'a> {
    /// Nothing: what stands there comes with the image.
    Image,
    /// A file of the learner's, by a bind mount or as one of `configs`.
    File {
        /// Its path, relative to the lesson's folder unless it lies elsewhere.
        path: String,
        /// Whether the container cannot write to it.
        read_only: bool,
        /// The entry that shows it.
        node: &'a Node,
    },
    /// A volume or memory: what stands there the file does not say.
    Other(&'a Node),
}

/// The configuration file that a service's command names, if it names one.
pub fn given<'a>(
    project: &'a Project,
    service: &Service<'a>,
    wanted: &ConfigFile,
) -> Option<Given<'a>> {
    let words = command::words_of(service);
    let (word, node) = match &wanted.program {
        Some(program) => arguments(words, program, &wanted.ending).into_iter().next(),
        None => words
            .into_iter()
            .find(|(word, _)| word.ends_with(&wanted.ending)),
    }?;
    if word.starts_with('-') {
        return None;
    }
    let path = in_container(service, wanted.working_folder.as_deref(), &word);
    let shows = shown_at(project, service, &path);
    Some(Given { path, node, shows })
}

/// The words that a program is given: those behind its name, as far as the shell's next command. Where nothing but arguments
/// stands in the command, the image's entrypoint hands them to the program.
pub fn arguments<'a>(
    words: Vec<(String, &'a Node)>,
    program: &str,
    ending: &str,
) -> Vec<(String, &'a Node)> {
    let is_program = |word: &str| word.rsplit('/').next() == Some(program);
    let start = words.iter().position(|(word, _)| is_program(word));
    let ends =
        |word: &str| matches!(word, ";" | "&&" | "||" | "|" | "&") || word.contains(['<', '>']);
    let is_argument = |word: &str| word.starts_with('-') || word.ends_with(ending);
    let first = words.first().is_some_and(|(word, _)| is_argument(word));
    let skipped = match start {
        Some(position) => position + 1,
        None if first => 0,
        None => return Vec::new(),
    };
    let behind = words.into_iter().skip(skipped);
    behind.take_while(|(word, _)| !ends(word)).collect()
}

/// A path of a container written out: a relative one starts at the working folder of the service, or else of its image.
pub fn in_container(service: &Service<'_>, image_folder: Option<&str>, path: &str) -> String {
    let folder = service.node().get("working_dir").and_then(Node::as_str);
    let folder = folder.or(image_folder).unwrap_or("/");
    let whole = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{folder}/{path}")
    };
    format!("/{}", parts(&whole).join("/"))
}

/// The parts of a path, without those that mean nothing; `..` takes back the one before it.
pub fn parts(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts
}

/// Whether a path of a container lies at a mount's target or below it. The engine refuses a target that does not begin with `/`.
pub fn holds(target: &str, path: &str) -> bool {
    target.starts_with('/') && parts(path).starts_with(&parts(target))
}

/// What stands at a path of a service's container. Images of Debian and Alpine have `/var/run` as another name for `/run`.
pub fn shown_at<'a>(project: &'a Project, service: &Service<'a>, path: &str) -> Shows<'a> {
    match (
        shown_exactly_at(project, service, path),
        path.strip_prefix("/var/run/"),
    ) {
        (Shows::Image, Some(rest)) => shown_exactly_at(project, service, &format!("/run/{rest}")),
        (shown, _) => shown,
    }
}

fn shown_exactly_at<'a>(project: &'a Project, service: &Service<'a>, path: &str) -> Shows<'a> {
    let wanted = parts(path);
    if let Some(shown) = in_configs(project, service, &wanted) {
        return shown;
    }
    let mounts = service.mounts().into_iter();
    let holder = mounts
        .filter(|mount| holds(&mount.target, path))
        .max_by_key(|mount| parts(&mount.target).len());
    let Some(mount) = holder else {
        return Shows::Image;
    };
    match (mount.kind, &mount.source) {
        (MountKind::Bind, Some(source)) => {
            let rest = &wanted[parts(&mount.target).len()..];
            let whole = [&[source.trim_end_matches('/')], rest].concat().join("/");
            Shows::File {
                path: whole.strip_prefix("./").unwrap_or(&whole).to_owned(),
                read_only: mount.read_only,
                node: mount.node,
            }
        }
        _ => Shows::Other(mount.node),
    }
}

/// One of the service's `configs` or `secrets` that stands at this path; Compose mounts both read-only.
fn in_configs<'a>(
    project: &'a Project,
    service: &Service<'a>,
    wanted: &[&str],
) -> Option<Shows<'a>> {
    let folders = [("configs", ""), ("secrets", "/run/secrets")];
    folders.into_iter().find_map(|(kind, folder)| {
        let entries = service.node().get(kind)?.as_sequence()?;
        entries.iter().find_map(|node| {
            let name = node.get("source")?.as_str()?;
            let target = node.get("target").and_then(Node::as_str).unwrap_or(name);
            let target = match target.starts_with('/') {
                true => target.to_owned(),
                false => format!("{folder}/{target}"),
            };
            if parts(&target) != wanted {
                return None;
            }
            let file = project.root().get(&format!("{kind}.\"{name}\".file"));
            Some(match file.and_then(Node::as_str) {
                Some(path) => Shows::File {
                    path: path.strip_prefix("./").unwrap_or(path).to_owned(),
                    read_only: true,
                    node,
                },
                None => Shows::Other(node),
            })
        })
    })
}

/// The value behind a name in a file of lines `name value`: what counts is the last line that has it.
pub fn line_value(text: &str, name: &str) -> Option<LineValue> {
    let lines = text.lines().enumerate();
    let found = lines.filter_map(|(index, line)| {
        let start = line.len() - line.trim_start().len();
        let (word, rest) = line.trim().split_once(char::is_whitespace)?;
        let value = rest.trim();
        let column = line[..start].chars().count() + word.chars().count() + 1;
        let blanks = rest.len() - rest.trim_start().len();
        word.eq_ignore_ascii_case(name).then(|| LineValue {
            text: value.trim_matches(['"', '\'']).to_owned(),
            line: u32::try_from(index + 1).unwrap_or(u32::MAX),
            column: u32::try_from(column + blanks + 1).unwrap_or(u32::MAX),
            length: u32::try_from(value.chars().count()).unwrap_or(u32::MAX),
            whole: line.to_owned(),
        })
    });
    found.last()
}

/// A value of a configuration file and its place; line and column count from 1.
#[derive(Debug, PartialEq)]
pub struct LineValue {
    /// The value, without quotes.
    pub text: String,
    /// Line.
    pub line: u32,
    /// Column of its first character.
    pub column: u32,
    /// How many characters it has.
    pub length: u32,
    /// The whole line.
    pub whole: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::look_at_file;

    /// What is found at the configuration file that the command names.
    fn shown(service: &str) -> String {
        let compose = format!(
            "services: {{db: {{image: x, {service}}}}}\nvolumes: {{kept: {{}}}}\nconfigs: {{settings: {{file: ./db.conf}}}}\nsecrets: {{hidden: {{file: ./db.conf}}}}\n"
        );
        let wanted = ConfigFile {
            program: Some("db".to_owned()),
            ending: ".conf".to_owned(),
            working_folder: Some("/data".to_owned()),
        };
        look_at_file(&compose, |scene| {
            let project = scene.project().expect("it loads");
            let service = project.service("db").expect("a service");
            match given(project, &service, &wanted) {
                None => "none".to_owned(),
                Some(given) => match given.shows {
                    Shows::Image => format!("{} of the image", given.path),
                    Shows::Other(_) => format!("{} on something else", given.path),
                    Shows::File {
                        path, read_only, ..
                    } => format!("{} is {path}, {read_only}", given.path),
                },
            }
        })
    }

    #[test]
    fn a_file_is_found_through_whatever_shows_it() {
        for (service, expected) in [
            ("command: db --fast", "none"),
            ("command: db --fast /etc/db.conf", "none"),
            ("command: /etc/db.conf --fast", "/etc/db.conf of the image"),
            (
                "entrypoint: /bin/db, command: /etc/db.config --fast",
                "/etc/db.config of the image",
            ),
            ("command: db /etc/db.conf", "/etc/db.conf of the image"),
            (
                "command: db /etc/db.conf, volumes: ['./db.conf:/etc/db.conf:ro']",
                "/etc/db.conf is db.conf, true",
            ),
            (
                "command: [db, /etc//db/db.conf], volumes: ['./conf/:/etc/db/']",
                "/etc/db/db.conf is conf/db.conf, false",
            ),
            (
                "command: db db.conf, volumes: ['./db.conf:/data/db.conf', 'kept:/data']",
                "/data/db.conf is db.conf, false",
            ),
            (
                "command: db db.conf, working_dir: /etc, volumes: ['kept:/etc']",
                "/etc/db.conf on something else",
            ),
            (
                "command: db /run/secrets/hidden, secrets: [hidden]",
                "/run/secrets/hidden is db.conf, true",
            ),
            (
                "command: db /etc/db.conf, configs: [{source: settings, target: /etc/db.conf}]",
                "/etc/db.conf is db.conf, true",
            ),
        ] {
            assert_eq!(shown(service), expected, "{service}");
        }
    }

    #[test]
    fn the_last_line_with_a_name_counts() {
        let text = "# limit 1\nlimit 2\n  LIMIT \"3 mb\" \nlimited 4\n";
        let value = line_value(text, "limit").expect("a value");
        assert_eq!(
            (value.text.as_str(), value.line, value.column, value.length),
            ("3 mb", 3, 9, 6)
        );
        assert_eq!(line_value(text, "limits"), None);
    }
}
