//! Secrets are replaced when evidence is captured, before anything is judged, shown or written.
//!
//! What stands in for a secret keeps what checks need: equal secrets get the same stand-in, different ones different
//! ones, and it has the secret's length, so that every column of a file stays where it was. Values that everybody knows
//! (`minioadmin`) are no secrets; that one of them is used is just what a check has to see.
//!
//! A secret is found by its name (`names`), by the place of a project that it stands in (`places`), or by the words in front of
//! it (`text`). Once known (`hidden`) it is replaced wherever it stands: in the learner's files (`files`, `settings`), in what engine
//! and services say (`world`), and in what is shown of a project without any evidence ([`Mask`]).

mod files;
mod hidden;
mod mask;
pub(crate) mod names;
pub(crate) mod places;
mod project;
mod replacements;
mod settings;
mod text;
mod world;

use std::collections::BTreeSet;

use compose::Reader;

use self::files::hide_in_files;
use self::hidden::Hidden;
pub use self::mask::Mask;
use self::world::{hide_everywhere, hide_in_contents, hide_in_environment, hide_in_images};
use crate::evidence::{Evidence, FileSeen, FilesSeen};

/// What stood in files that hold a secret and nothing else: in no evidence, and known only so that it can be hidden elsewhere.
#[derive(Default)]
pub struct PutAway(Vec<String>);

/// Reads the files that hold a secret and nothing else; evidence keeps their size and not their content. `settings` are files
/// that hold more, whatever they are given as: in them a password is found by its name.
pub fn put_away(
    files: &mut FilesSeen,
    reader: &dyn Reader,
    settings: &BTreeSet<String>,
) -> PutAway {
    let mut contents = Vec::new();
    let loaded = compose::load(&*files, &files.request());
    let paths = loaded.project.as_ref().map(places::files);
    let paths = paths.into_iter().flatten();
    for path in paths.filter(|path| !settings.contains(path)) {
        let seen = match reader.read(&path) {
            Ok(bytes) => {
                contents.push(String::from_utf8_lossy(&bytes).into_owned());
                FileSeen::Secret {
                    bytes: bytes.len() as u64,
                }
            }
            refused => FileSeen::from(refused),
        };
        files.files.insert(path, seen);
    }
    PutAway(contents)
}

/// Replaces every secret in the evidence.
pub fn hide(evidence: &mut Evidence, put_away: &PutAway) {
    let mut hidden = Hidden::default();
    for content in &put_away.0 {
        // A key has several lines, of which each tells something; and some write a line `NAME=value` as into a file of variables.
        let lines = content.lines().map(str::trim);
        let values = lines
            .clone()
            .filter_map(|line| Some(line.split_once('=')?.1));
        let values = values.map(|value| value.trim_matches(['"', '\'']));
        for secret in lines.chain(values).filter(|line| Hidden::is_secret(line)) {
            hidden.stand_in(secret);
        }
    }
    hide_in_files(&mut evidence.files, &mut hidden);
    for container in evidence
        .world
        .containers
        .iter_mut()
        .chain(&mut evidence.world.strangers)
    {
        hide_in_environment(&mut container.inspect, &mut hidden);
    }
    hide_in_images(&mut evidence.world, &mut hidden);
    hide_in_contents(&mut evidence.world, &mut hidden);
    hide_everywhere(evidence, &mut hidden);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Answer, Bytes, ImageSeen, Probe, WorldSeen};
    use compose::{Loaded, Node};

    #[test]
    fn a_switch_and_the_folder_of_secrets_are_no_secrets() {
        let mut evidence = evidence(&[(
            "compose.yaml",
            "services: {a: {image: x, environment: {ALLOW_EMPTY_PASSWORD: 'yes', TOKENS_ON: 'false', SECRETS_DIR: /run/secrets, A_PASSWORD_FILE: /run/secrets/a}}}\n",
        )]);
        let before = evidence.files.files.clone();
        hide(&mut evidence, &PutAway::default());
        assert_eq!(evidence.files.files, before);
    }

    #[test]
    fn a_secret_of_several_lines_stays_one_value() {
        let compose =
            "services: {a: {image: x, secrets: [s]}}\nsecrets: {s: {environment: PHRASE}}\n";
        for quote in ["\"", "'"] {
            let text = format!("PHRASE={quote}grey-otter-58\nwhite-stork{quote}\nOTHER: blue\n");
            let mut evidence = evidence(&[("compose.yaml", compose), (".env", &text)]);
            hide(&mut evidence, &PutAway::default());
            let shown = format!("{:?}", evidence.files);
            assert!(
                !shown.contains("otter") && !shown.contains("stork"),
                "{shown}"
            );
            assert!(shown.contains("OTHER: blue"), "{shown}");
            let loaded = crate::load(&evidence);
            assert!(loaded.project.is_some(), "{:?}", loaded.findings);
        }
    }

    /// Two files of variables: one has the secrets, the other only names them.
    #[test]
    fn what_a_file_of_variables_takes_from_another_stays_the_same_secret() {
        let texts = [
            (
                "compose.yaml",
                "services:\n  a:\n    image: x\n    env_file: app.env\n",
            ),
            (
                "app.env",
                "JWT_SECRET=${JWT}\nDB=postgresql://app:${PASSWORD}@db/app\n",
            ),
            (
                ".env",
                "JWT=horse-battery-staple\nPASSWORD=for-this-test-only\n",
            ),
        ];
        let files = texts.map(|(path, text)| (path.to_owned(), FileSeen::Text(text.to_owned())));
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: crate::evidence::FilesSeen {
                folder_name: "test".to_owned(),
                files: files.into(),
                ..Default::default()
            },
            world: WorldSeen {
                containers: vec![crate::evidence::ContainerSeen {
                    inspect: serde_json::json!({"Config": {"Env": [
                        "JWT_SECRET=horse-battery-staple",
                        "DB=postgresql://app:for-this-test-only@db/app",
                    ]}}),
                    last_lines: Vec::new(),
                }],
                ..WorldSeen::default()
            },
        };
        hide(&mut evidence, &PutAway::default());
        let loaded = crate::load(&evidence);
        let project = loaded.project.expect("it still loads");
        let service = project.service("a").expect("a service");
        for (at, name) in ["JWT_SECRET", "DB"].into_iter().enumerate() {
            let told = service.environment(name).and_then(Node::as_str);
            let told = format!("{name}={}", told.expect("a value"));
            assert_eq!(
                evidence.world.containers[0].inspect["Config"]["Env"][at],
                told
            );
            assert!(
                !told.contains("horse") && !told.contains("for-this"),
                "{told}"
            );
        }
    }

    #[test]
    fn a_secret_is_hidden_however_it_is_written() {
        let text = "services:\n  a:\n    image: x\n    environment:\n      A_PASSWORD: pa$$word12 # why\n      B_PASSWORD: \"\\x70a$$word12\"\n      \
            C_PASSWORD: 0123456700\n      D_PASSWORD: \"0123456700\"\n  b:\n    image: x\n    environment: [E_PASSWORD=pa$$word12]\n";
        let files = crate::evidence::FilesSeen {
            folder_name: "test".to_owned(),
            files: [("compose.yaml".to_owned(), FileSeen::Text(text.to_owned()))].into(),
            ..Default::default()
        };
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files,
            world: Default::default(),
        };
        hide(&mut evidence, &PutAway::default());
        let shown = format!("{:?}", evidence.files);
        assert!(
            !shown.contains("word12") && !shown.contains("123456"),
            "{shown}"
        );
        let loaded = crate::load(&evidence);
        let project = loaded.project.expect("the file still loads");
        let value = |service: &str, name: &str| {
            project
                .service(service)
                .and_then(|service| service.environment(name)?.scalar_text())
        };
        // The same password stays the same; a number that YAML reads as another one stays another one.
        assert_eq!(value("a", "A_PASSWORD"), value("a", "B_PASSWORD"));
        assert_eq!(value("a", "A_PASSWORD"), value("b", "E_PASSWORD"));
        assert_ne!(value("a", "C_PASSWORD"), value("a", "D_PASSWORD"));
    }

    #[test]
    fn a_secret_of_env_has_one_stand_in_wherever_the_project_takes_it() {
        let compose = "services: {a: {image: x, command: 'run --pass ${A_PASSWORD}', environment: {A_PASSWORD: '${A_PASSWORD}'}}}";
        let files = [
            ("compose.yaml", compose),
            (".env", "A_PASSWORD=open-sesame-7\n"),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), FileSeen::Text(text.to_owned())));
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: crate::evidence::FilesSeen {
                folder_name: "test".to_owned(),
                files: files.into(),
                ..Default::default()
            },
            world: WorldSeen {
                containers: vec![crate::evidence::ContainerSeen {
                    inspect: serde_json::json!({"Config": {"Cmd": ["run", "--pass", "open-sesame-7"]}}),
                    last_lines: Vec::new(),
                }],
                ..WorldSeen::default()
            },
        };
        hide(&mut evidence, &PutAway::default());
        let loaded = crate::load(&evidence);
        let project = loaded.project.expect("it still loads");
        let command = project.service("a").and_then(|service| service.command());
        let command = command.expect("a command");
        assert_ne!(command[2], "open-sesame-7");
        let container = &evidence.world.containers[0].inspect;
        assert_eq!(container["Config"]["Cmd"][2], command[2].as_str());
    }

    #[test]
    fn what_a_dockerfile_bakes_in_is_hidden_in_image_and_history() {
        use crate::evidence::{Answered, FileInside, FileKind};
        let image = serde_json::json!({"Config": {"Env": ["PATH=/bin", "API_KEY=tulip-4711"]}});
        let steps = serde_json::json!([
            {"CreatedBy": "CMD [\"run\"]"},
            {"CreatedBy": "RUN |1 PIP_TOKEN=rose-0815 /bin/sh -c pip install -i https://x:rose-0815@y/ z # buildkit"},
            {"CreatedBy": "ENV API_KEY=tulip-4711"},
        ]);
        let answer = Answer::File(FileInside {
            kind: FileKind::File,
            size: 24,
            mode: 0o644,
            uid: 0,
            gid: 0,
            link: None,
            contents: Some(Bytes(b"DB_PASSWORD=daisy-123456\n".to_vec())),
        });
        let probe = Probe::File {
            service: "api".to_owned(),
            path: "/app/.env".to_owned(),
            contents: true,
        };
        let world = WorldSeen {
            images: [("x".to_owned(), ImageSeen::Present(image))].into(),
            histories: [("x".to_owned(), steps)].into(),
            answers: vec![Answered {
                probe,
                answer,
                took_ms: 1,
            }],
            ..WorldSeen::default()
        };
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: Default::default(),
            world,
        };
        hide(&mut evidence, &PutAway::default());
        let shown = serde_json::to_string(&evidence).expect("JSON");
        for secret in ["tulip-4711", "rose-0815", "daisy-123456"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert!(shown.contains("API_KEY=hidden") && shown.contains("PIP_TOKEN=hidden"));
    }

    #[test]
    fn a_secret_in_a_dockerfile_or_a_build_argument_is_hidden() {
        let compose = "services: {api: {build: {context: ., args: {API_TOKEN: tok-12345678}}}}";
        let dockerfile = "FROM busybox\nARG API_TOKEN\nENV DB_PASSWORD=\"pass-word-1\" MODE=fast TOKEN=$API_TOKEN\n";
        let text = |path: &str, text: &str| (path.to_owned(), FileSeen::Text(text.to_owned()));
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: crate::evidence::FilesSeen {
                folder_name: "test".to_owned(),
                files: [
                    text("compose.yaml", compose),
                    text("Dockerfile", dockerfile),
                ]
                .into(),
                ..Default::default()
            },
            world: Default::default(),
        };
        hide(&mut evidence, &PutAway::default());
        let shown = format!("{:?}", evidence.files);
        assert!(
            !shown.contains("tok-12345678") && !shown.contains("pass-word-1"),
            "{shown}"
        );
        assert!(
            shown.contains("MODE=fast") && shown.contains("$API_TOKEN"),
            "{shown}"
        );
    }

    fn evidence(files: &[(&str, &str)]) -> Evidence {
        let seen = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), FileSeen::Text((*text).to_owned())));
        Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: FilesSeen {
                folder_name: "test".to_owned(),
                files: seen.collect(),
                ..Default::default()
            },
            world: WorldSeen::default(),
        }
    }

    /// The values of A_PASSWORD in the file and in the container, once a secret is hidden in a file of variables.
    fn both_sides(written: &str, has: &str) -> (String, String, Evidence) {
        let mut evidence = evidence(&[
            (
                "compose.yaml",
                "services: {a: {image: x, env_file: a.env}}\n",
            ),
            ("a.env", &format!("A_PASSWORD={written}\n")),
        ]);
        evidence
            .world
            .containers
            .push(crate::evidence::ContainerSeen {
                inspect: serde_json::json!({"Config": {"Env": [format!("A_PASSWORD={has}")]}}),
                last_lines: vec![format!("logged in with {has}")],
            });
        hide(&mut evidence, &PutAway::default());
        let loaded = crate::load(&evidence);
        let project = loaded.project.expect("the file still loads");
        let service = project.service("a").expect("a service");
        let value = service.environment("A_PASSWORD").expect("a variable");
        let in_file = value.scalar_text().expect("a value");
        let env = &evidence.world.containers[0].inspect["Config"]["Env"][0];
        let in_container = env.as_str().expect("a text").replacen("A_PASSWORD=", "", 1);
        (in_file, in_container, evidence)
    }

    #[test]
    fn file_and_container_agree_however_a_file_of_variables_writes_a_dollar() {
        for (written, has) in [
            ("battery-horse", "battery-horse"),
            ("'battery horse'", "battery horse"),
            ("batt$$ery", "batt$ery"),
            ("'batt$ery'", "batt$ery"),
            ("\"batt$$ery\"", "batt$ery"),
            ("\"batt\\$ery\"", "batt$ery"),
            ("battery$5horse", "battery$5horse"),
            ("battery #horse", "battery"),
            ("'battery#horse' # why", "battery#horse"),
            ("battery$horse", "battery"),
            ("\"battery${horse}\"", "battery"),
        ] {
            let (in_file, in_container, evidence) = both_sides(written, has);
            assert_eq!(in_file, in_container, "{written}");
            let shown = format!("{evidence:?}");
            assert!(
                !shown.contains("batt") && !shown.contains("horse"),
                "{written}: {shown}"
            );
        }
    }

    #[test]
    fn a_dollar_that_loses_a_part_of_a_secret_is_still_told() {
        let (_, _, evidence) = both_sides("battery$horse", "battery");
        let findings = crate::load(&evidence).findings;
        assert!(
            findings
                .iter()
                .any(|finding| finding.code == "unset-variable")
        );
        assert!(!format!("{findings:?}").contains("horse"));
    }

    #[test]
    fn a_file_that_does_not_load_keeps_its_fault_and_not_its_secret() {
        for fault in [
            "services:\n  a:\n    image: x\n    environment:\n      DB_PASSWORD: blue: heron-31\n",
            "services:\n  a:\n    imag: x\n    environment: [DB_PASSWORD=heron-31]\n",
            "services:\n  a:\n    image: x\n    command: redis-server --requirepass heron-31\n   b: 1\n",
        ] {
            let mut evidence = evidence(&[("compose.yaml", fault)]);
            let before = crate::load(&evidence);
            hide(&mut evidence, &PutAway::default());
            let after = crate::load(&evidence);
            let codes = |loaded: &Loaded| -> Vec<_> {
                let findings = loaded.findings.iter();
                findings
                    .map(|finding| (finding.code, finding.span))
                    .collect()
            };
            assert_eq!(codes(&before), codes(&after), "{fault}");
            let shown = format!("{:?} {:?}", evidence.files, after.findings);
            assert!(!shown.contains("heron"), "{shown}");
        }
    }

    #[test]
    fn a_secret_that_is_also_a_name_changes_no_name() {
        let mut evidence = evidence(&[(
            "compose.yaml",
            "services: {orders-db: {image: orders-db/orders-db:1, environment: {DB_PASSWORD: orders-db}}}\n",
        )]);
        hide(&mut evidence, &PutAway::default());
        let loaded = crate::load(&evidence);
        let project = loaded.project.expect("it loads");
        let service = project.service("orders-db").expect("its name is as before");
        assert_eq!(
            service.image().and_then(Node::as_str),
            Some("orders-db/orders-db:1")
        );
        let password = service.environment("DB_PASSWORD").expect("a variable");
        assert_ne!(password.as_str(), Some("orders-db"));
    }

    #[test]
    fn what_stood_in_a_file_of_its_own_is_hidden_in_logs() {
        let mut evidence = evidence(&[(
            "compose.yaml",
            "services: {a: {image: x, secrets: [s]}}\nsecrets: {s: {file: s.txt}}\n",
        )]);
        let reader = compose::MemoryReader::new([("s.txt", "grey-otter-58\n")]);
        let put_away = put_away(&mut evidence.files, &reader, &BTreeSet::new());
        evidence
            .world
            .containers
            .push(crate::evidence::ContainerSeen {
                inspect: serde_json::json!({}),
                last_lines: vec!["I was given grey-otter-58.".to_owned()],
            });
        hide(&mut evidence, &put_away);
        assert_eq!(
            evidence.files.files["s.txt"],
            FileSeen::Secret { bytes: 14 }
        );
        assert!(!format!("{evidence:?}").contains("otter"));
    }
}
