//! Settings that a program takes from a flag of its command line or from its environment.

use compose::{Node, Service, Span};

use crate::command;
use crate::config_file::{self, Shows};
use crate::evidence::FileSeen;
use crate::format::Setting;
use crate::report::Spot;
use crate::scene::Scene;

/// A setting's value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingValue {
    /// The value.
    pub text: String,
    /// Where it stands; the service's name where the program's own default counts.
    pub spot: Spot,
}

/// Looks a setting up as the program does: the flag wins over the configuration file, that over the variable, the
/// variable over the default.
pub fn look_up(scene: &Scene<'_>, setting: &Setting) -> Option<SettingValue> {
    read(scene, setting).unwrap_or_default()
}

/// The same, where a configuration file that cannot be read is told from one that says nothing.
///
/// # Errors
/// Why the file that may have it could not be read, in one sentence.
pub fn read(scene: &Scene<'_>, setting: &Setting) -> Result<Option<SettingValue>, String> {
    let Some(service) = scene.service(&setting.service) else {
        return Ok(None);
    };
    let words = command::words_of(&service);
    let program = setting.config_file.as_ref().and_then(|file| {
        let program = file.program.as_deref()?;
        Some(config_file::arguments(words.clone(), program, &file.ending))
    });
    let flag = setting.flag.as_deref().and_then(|flag| match &program {
        Some(arguments) => line_value(arguments, flag),
        None => flag_value(&words, flag),
    });
    let arguments = setting
        .argument_after
        .as_deref()
        .map(|word| arguments_after(&words, word))
        .unwrap_or_default();
    let variable = setting.variable.as_deref().and_then(|name| {
        let node = service.environment(name)?;
        Some((node.scalar_text()?.to_string(), node))
    });
    let located = |(text, node): (String, &Node)| {
        let spot = scene.spot(part_of(scene, node, &text));
        SettingValue { text, spot }
    };
    if let Some(flag) = flag {
        return Ok(Some(located(flag)));
    }
    if let Some(line) = in_config_file(scene, &service, setting)? {
        return Ok(Some(line));
    }
    let elsewhere = arguments.sure.or(variable).or(arguments.after_flag);
    Ok(elsewhere.map(located).or_else(|| {
        Some(SettingValue {
            text: setting.default.clone()?,
            spot: scene.service_spot(&setting.service),
        })
    }))
}

/// The configuration file of the learner's that may have the setting, where the command names one.
pub fn config_file(scene: &Scene<'_>, setting: &Setting) -> Option<String> {
    let service = scene.service(&setting.service)?;
    let given = config_file::given(scene.project()?, &service, setting.config_file.as_ref()?)?;
    match given.shows {
        Shows::File { path, .. } => Some(path),
        Shows::Image | Shows::Other(_) => None,
    }
}

/// The line of the configuration file that has the setting.
fn in_config_file(
    scene: &Scene<'_>,
    service: &Service<'_>,
    setting: &Setting,
) -> Result<Option<SettingValue>, String> {
    let (Some(wanted), Some(name), Some(project)) =
        (&setting.config_file, &setting.flag, scene.project())
    else {
        return Ok(None);
    };
    let Some(given) = config_file::given(project, service, wanted) else {
        return match script(service) {
            Some(script) => Err(format!("the script {script} is not read here")),
            None => Ok(None),
        };
    };
    let unreadable = |path: &str| Err(format!("{path} cannot be read from here"));
    let path = match given.shows {
        Shows::File { path, .. } => path,
        Shows::Image => return Ok(None),
        Shows::Other(_) => return unreadable(&given.path),
    };
    let lossy;
    let text = match scene.evidence.files.files.get(&path) {
        Some(FileSeen::Text(text)) => text,
        // A comment in another encoding than UTF-8 is none of the program's business.
        Some(FileSeen::Bytes(bytes)) => {
            lossy = bytes.text().into_owned();
            &lossy
        }
        Some(FileSeen::Absent | FileSeen::Folder) => return Ok(None),
        None | Some(_) => return unreadable(&path),
    };
    let Some(line) = config_file::line_value(text, name) else {
        return match config_file::line_value(text, "include") {
            Some(included) => unreadable(&included.text),
            None => Ok(None),
        };
    };
    let spot = Spot::File {
        path,
        line: line.line,
        column: line.column,
        end_column: line.column + line.length,
        excerpt: line.whole,
    };
    Ok(Some(SettingValue {
        text: line.text,
        spot,
    }))
}

/// The place of a value inside the text it is a part of, where it stands there as it is.
fn part_of(scene: &Scene<'_>, node: &Node, value: &str) -> Span {
    let span = node.span();
    let mut places = scene
        .loaded
        .sources
        .text(span)
        .match_indices(value)
        .map(|(start, _)| start);
    match (places.next(), places.next()) {
        (Some(start), None) if !value.is_empty() => {
            let start = span.start + u32::try_from(start).unwrap_or_default();
            Span {
                start,
                end: start + u32::try_from(value.len()).unwrap_or_default(),
                ..span
            }
        }
        _ => span,
    }
}

/// The script that a service is started by, if it is: what it does is not known here.
pub fn script(service: &Service<'_>) -> Option<String> {
    let mut words = command::words_of(service).into_iter().map(|(word, _)| word);
    words.find(|word| word.ends_with(".sh"))
}

/// `--name=value`, `--name value`, and both with one dash.
fn flag_value<'a>(words: &[(String, &'a Node)], name: &str) -> Option<(String, &'a Node)> {
    let mut rest = words.iter();
    // A flag that is given twice counts as it was given last.
    let mut last = None;
    while let Some((word, node)) = rest.next() {
        let Some(flag) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
            continue;
        };
        match flag.split_once('=') {
            Some((key, value)) if key == name => last = Some((value.to_owned(), *node)),
            None if flag == name => last = rest.next().map(|(value, node)| (value.clone(), *node)),
            _ => {}
        }
    }
    last
}

/// A program that takes its arguments for further lines of its configuration file, as Redis does: `--` begins a line, whatever
/// follows up to the next one belongs to it, and upper and lower case are the same. (Redis 7.0.15.)
fn line_value<'a>(arguments: &[(String, &'a Node)], name: &str) -> Option<(String, &'a Node)> {
    let mut lines: Vec<(String, &Node)> = Vec::new();
    let path = |(word, _): &&(String, _)| !word.starts_with('-');
    let file = usize::from(arguments.iter().take(1).any(|word| path(&word)));
    for (word, node) in &arguments[file..] {
        match (word.strip_prefix("--"), lines.last_mut()) {
            (Some(begun), _) => lines.push((begun.to_owned(), node)),
            (None, Some((line, at))) => {
                *line = format!("{line} {word}");
                *at = node;
            }
            (None, None) => lines.push((word.clone(), node)),
        }
    }
    // The last line with the name counts.
    lines.into_iter().rev().find_map(|(line, node)| {
        let (word, value) = line.split_once(' ').unwrap_or((&line, ""));
        let same = word.eq_ignore_ascii_case(name);
        same.then(|| (value.to_owned(), node))
    })
}

/// The words after `word` that are neither a flag nor, as in `server --console-address :9001 /data`, a flag's value. Which flags
/// take a value is not known here, so a word behind a flag counts only where nothing else says.
fn arguments_after<'a>(words: &[(String, &'a Node)], word: &str) -> Arguments<'a> {
    let Some(start) = words.iter().position(|(candidate, _)| candidate == word) else {
        return Arguments::default();
    };
    let is_flag = |candidate: &str| candidate.starts_with('-');
    let takes_the_next_word = |candidate: &str| is_flag(candidate) && !candidate.contains('=');
    let pairs = words[start..]
        .windows(2)
        .filter(|pair| !is_flag(&pair[1].0));
    let (after_flags, arguments): (Vec<_>, Vec<_>) =
        pairs.partition(|pair| takes_the_next_word(&pair[0].0));
    let taken = |pairs: &[&[(String, &'a Node)]]| {
        let pair = pairs.first()?;
        Some((pair[1].0.clone(), pair[1].1))
    };
    Arguments {
        sure: taken(&arguments),
        after_flag: taken(&after_flags),
    }
}

/// The first word that is surely an argument, and the first that may be the value of the flag in front of it.
#[derive(Default)]
struct Arguments<'a> {
    sure: Option<(String, &'a Node)>,
    after_flag: Option<(String, &'a Node)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::ConfigFile;
    use crate::testing::{look_at_file, look_at_files};

    /// The folder that `minio server` is given by a command, or by its variable.
    fn folder(command: &str) -> Option<String> {
        let text =
            format!("services:\n  minio:\n    image: minio/minio:1\n    command: {command}\n");
        look_up_folder(&text, None)
    }

    fn look_up_folder(compose: &str, variable: Option<&str>) -> Option<String> {
        let wanted = Setting {
            service: "minio".to_owned(),
            flag: None,
            argument_after: Some("server".to_owned()),
            variable: variable.map(str::to_owned),
            config_file: None,
            default: None,
        };
        look_at_file(compose, |scene| look_up(scene, &wanted)).map(|value| value.text)
    }

    #[test]
    fn an_argument_is_found_before_between_and_after_flags() {
        for command in [
            "minio server /data",
            "minio server /data --console-address :9001",
            "minio server --console-address :9001 /data",
            "minio server --console-address=:9001 /data",
            "minio server --quiet /data --console-address :9001",
            "[minio, server, --address, ':9000', /data]",
        ] {
            assert_eq!(folder(command).as_deref(), Some("/data"), "{command}");
        }
        let by_variable = "services: {minio: {image: x, command: 'minio server --console-address :9001', \
            environment: {MINIO_VOLUMES: /data}}}";
        let found = look_up_folder(by_variable, Some("MINIO_VOLUMES"));
        assert_eq!(found.as_deref(), Some("/data"));
        assert_eq!(folder("minio server --quiet"), None);
        assert_eq!(folder("minio"), None);
    }

    /// The limit that a command and a configuration file give, or why it cannot be told.
    fn limit(
        command: &str,
        mount: &str,
        lines: impl AsRef<[u8]>,
    ) -> Result<Option<String>, String> {
        let compose = format!(
            "services: {{db: {{image: x, command: '{command}', volumes: ['{mount}']}}}}\nvolumes: {{kept: {{}}}}\n"
        );
        let wanted = Setting {
            service: "db".to_owned(),
            flag: Some("limit".to_owned()),
            argument_after: None,
            variable: None,
            config_file: Some(ConfigFile {
                program: None,
                ending: ".conf".to_owned(),
                working_folder: None,
            }),
            default: Some("none".to_owned()),
        };
        look_at_files(&compose, ("db.conf", lines), |scene| {
            read(scene, &wanted).map(|value| value.map(|value| value.text))
        })
    }

    /// What `appendonly` is set to by a command of Redis.
    fn append_only(command: &str) -> Option<String> {
        let compose = format!("services: {{redis: {{image: redis:7.4, command: {command}}}}}");
        let wanted = Setting {
            service: "redis".to_owned(),
            flag: Some("appendonly".to_owned()),
            argument_after: None,
            variable: None,
            config_file: Some(ConfigFile {
                program: Some("redis-server".to_owned()),
                ending: ".conf".to_owned(),
                working_folder: None,
            }),
            default: None,
        };
        look_at_file(&compose, |scene| look_up(scene, &wanted)).map(|value| value.text)
    }

    #[test]
    fn arguments_of_redis_are_lines_of_its_file() {
        for command in [
            "redis-server /r.conf --appendonly yes",
            "redis-server /r.conf --save 60 1 --APPENDONLY yes",
            "[redis-server, /r.conf, '--appendonly yes']",
            "redis-server /r.conf appendonly yes",
            "/r.conf --appendonly yes",
            "--appendonly yes",
            "sh -c \"redis-server '/r.conf' --appendonly 'yes'; echo ended\"",
            "sh -c 'exec redis-server /r.conf --appendonly yes 2>&1'",
            "redis-server /r.conf --appendonly no --appendonly yes",
        ] {
            assert_eq!(append_only(command).as_deref(), Some("yes"), "{command}");
        }
        for command in [
            "redis-server /r.conf --appendonly=yes",
            "redis-server /r.conf -appendonly yes",
            "redis-sever /r.conf --appendonly yes",
            "sh -c 'redis-server /r.conf # --appendonly yes'",
            "sh -c 'redis-server /r.conf; echo --appendonly yes'",
        ] {
            assert_eq!(append_only(command), None, "{command}");
        }
    }

    #[test]
    fn a_flag_wins_over_the_configuration_file_and_that_over_the_default() {
        let mount = "./db.conf:/etc/db.conf";
        let some = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(limit("db /etc/db.conf", mount, "limit 3\n"), some("3"));
        assert_eq!(
            limit("db /etc/db.conf --limit 4", mount, "limit 3\n"),
            some("4")
        );
        assert_eq!(limit("db /etc/db.conf", mount, "# limit 3\n"), some("none"));
        assert_eq!(limit("db", mount, "limit 3\n"), some("none"));
        let in_latin_1 = b"# gr\xfc\xdfe\nlimit 3\n";
        assert_eq!(limit("db /etc/db.conf", mount, in_latin_1), some("3"));
    }

    #[test]
    fn a_configuration_file_that_cannot_be_read_is_not_one_that_says_nothing() {
        for (mount, lines) in [
            ("kept:/etc", "limit 3\n"),
            ("./db.conf:/etc/db.conf", "include /etc/more\n"),
        ] {
            assert!(limit("db /etc/db.conf", mount, lines).is_err(), "{mount}");
        }
    }
}
