//! What files mean: both spellings of one thing, merging, variables, profiles, includes.

use std::collections::BTreeMap;
use std::time::Duration;

use compose::{
    DependencyCondition, Loaded, MemoryReader, MountKind, Node, Project, Request, Step,
    VariableOrigin,
};

fn load_with(files: &[(&str, &str)], change: impl FnOnce(&mut Request)) -> Loaded {
    let mut request = Request {
        folder_name: "shop".into(),
        ..Request::default()
    };
    change(&mut request);
    compose::load(&MemoryReader::new(files.iter().copied()), &request)
}

fn project(files: &[(&str, &str)]) -> Project {
    let loaded = load_with(files, |_| {});
    let messages: Vec<&str> = loaded
        .findings
        .iter()
        .map(|finding| finding.message.as_str())
        .collect();
    loaded.project.unwrap_or_else(|| panic!("{messages:?}"))
}

fn service(body: &str) -> Project {
    let indented: String = body.lines().map(|line| format!("    {line}\n")).collect();
    let rest = "volumes: {data: }\nnetworks: {front: }\nsecrets: {key: {file: ./key}}\n";
    project(&[(
        "compose.yaml",
        &format!(
            "services:\n  web:\n    image: nginx\n{indented}  db: {{image: postgres}}\n{rest}"
        ),
    )])
}

fn text<'a>(project: &'a Project, path: &str) -> Option<&'a str> {
    project.root().get(path).and_then(Node::as_str)
}

#[test]
fn both_spellings_of_one_thing_are_one_model() {
    for (one, two) in [
        (
            "environment: [A=1, B=x=y, C]",
            "environment: {A: 1, B: x=y, C: }",
        ),
        ("labels: [a=b, c]", "labels: {a: b, c: ''}"),
        (
            "ports: ['8080:80']",
            "ports: [{target: 80, published: '8080', protocol: tcp, mode: ingress}]",
        ),
        (
            "ports: ['8080:80']",
            "ports: [{target: 80, published: 8080}]",
        ),
        (
            "ports: [127.0.0.1:53:53/udp]",
            "ports: [{host_ip: 127.0.0.1, target: 53, published: '53', protocol: udp}]",
        ),
        (
            "ports: ['8000-8001:80-81']",
            "ports: ['8000:80', '8001:81']",
        ),
        (
            "volumes: ['./a:/b:ro']",
            "volumes: [{type: bind, source: ./a, target: /b, read_only: true, bind: {create_host_path: true}}]",
        ),
        (
            "volumes: ['data:/b']",
            "volumes: [{type: volume, source: data, target: /b, volume: {}}]",
        ),
        (
            "depends_on: [db]",
            "depends_on: {db: {condition: service_started}}",
        ),
        ("command: sh -c 'echo hi'", "command: [sh, -c, echo hi]"),
        (
            "healthcheck: {test: curl -f x}",
            "healthcheck: {test: [CMD-SHELL, curl -f x]}",
        ),
        (
            "healthcheck: {interval: 90s, test: x}",
            "healthcheck: {interval: 1m30s, test: x}",
        ),
        ("build: .", "build: {context: ., dockerfile: Dockerfile}"),
        ("networks: [front]", "networks: {front: }"),
        (
            "secrets: [key]",
            "secrets: [{source: key, target: /run/secrets/key}]",
        ),
        ("dns: 1.1.1.1", "dns: [1.1.1.1]"),
        ("tmpfs: /run", "tmpfs: [/run]"),
        ("mem_limit: 1g", "mem_limit: 1073741824"),
        ("tty: true", "tty: 'true'"),
        ("extra_hosts: ['a:1.2.3.4']", "extra_hosts: {a: 1.2.3.4}"),
        ("gpus: all", "gpus: [{count: all}]"),
        (
            "devices: [/dev/fuse]",
            "devices: [{source: /dev/fuse, target: /dev/fuse, permissions: rwm}]",
        ),
        ("env_file: a.env", "env_file: [{path: a.env}]"),
        ("ulimits: {nproc: 5}", "ulimits: {nproc: '5'}"),
    ] {
        let files = |body: &str| {
            let compose = format!(
                "services:\n  web:\n    image: nginx\n    {body}\n  db: {{image: postgres}}\nvolumes: {{data: }}\nnetworks: {{front: }}\nsecrets: {{key: {{file: ./key}}}}\n"
            );
            project(&[("compose.yaml", &compose), ("a.env", "A=1\n")]).to_json()
        };
        assert_eq!(files(one), files(two), "{one}");
    }
}

#[test]
fn a_printed_model_loads_to_itself() {
    let first = service(
        "environment: {A: 'x$$y', B: 1.10}\nports: ['8080:80', '90-91:90-91/udp']\nvolumes: ['./a:/b:ro', 'data:/c', /anonymous]\ndepends_on: [db]\nhealthcheck: {test: curl x, interval: 1m, retries: 3}\ncommand: echo \"a b\"\ndeploy: {resources: {limits: {cpus: '0.5', memory: 1g}}}\nsecrets: [key]\nnetworks: {front: {aliases: [w]}}\nulimits: {nofile: {soft: 1, hard: 2}}",
    );
    for printed in [compose::print::yaml(&first), compose::print::json(&first)] {
        let again = project(&[("compose.yaml", &printed)]);
        assert_eq!(again.to_json(), first.to_json());
        assert_eq!(compose::print::yaml(&again), compose::print::yaml(&first));
    }
}

#[test]
fn every_text_survives_being_printed_and_loaded() {
    let texts = [
        "",
        " ",
        "~",
        "yes",
        "017",
        "1e3",
        ".5",
        "22:22",
        "2024-01-01",
        "a: b",
        "a #b",
        "- a",
        "'",
        "\"",
        "\\",
        "$",
        "$$a",
        "a\tb",
        "a\nb",
        "a\nb\n",
        "\n",
        " a\n b\n\n",
        "a \nb",
        "\u{85}",
        "\u{2028}",
        "\u{1f600}",
        "<&>",
        "---",
        "...",
        "%a",
        "@",
        "{",
        "]",
        "? a",
        ": ",
    ];
    let labels: serde_json::Map<String, serde_json::Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| (format!("{index}{text}"), text.replace('$', "$$").into()))
        .collect();
    // Variables have no say in keys, and Compose doubles the dollars there all the same.
    let labels: serde_json::Map<_, _> = labels
        .into_iter()
        .filter(|(key, _)| !key.contains('$'))
        .collect();
    let file = serde_json::json!({"services": {"web": {"image": "nginx", "labels": labels}}});
    let first = project(&[("compose.yaml", &file.to_string())]);
    for printed in [compose::print::yaml(&first), compose::print::json(&first)] {
        let again = project(&[("compose.yaml", &printed)]);
        assert_eq!(again.to_json(), first.to_json(), "{printed}");
    }
}

#[test]
fn scalars_become_text_as_compose_writes_them() {
    let project = service(
        "environment: {A: yes, B: 017, C: 0x1F, D: 1_000, E: 1e3, F: 1.10, G: .inf, H: 22:22, I: ~, J: true}",
    );
    let web = project.service("web").unwrap();
    let value = |name: &str| web.environment(name).unwrap().as_str();
    assert_eq!(
        ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"].map(value),
        [
            Some("yes"),
            Some("15"),
            Some("31"),
            Some("1000"),
            Some("1000"),
            Some("1.1"),
            Some("+Inf"),
            Some("22:22"),
            None,
            Some("true")
        ]
    );
}

#[test]
fn a_list_that_closes_at_its_keys_column_is_read() {
    let project = service("cap_add: [\n  NET_ADMIN,\n  SYS_PTRACE\n]");
    assert_eq!(
        project
            .root()
            .get("services.web.cap_add")
            .unwrap()
            .as_sequence()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn an_override_file_merges_key_by_key() {
    let project = project(&[
        (
            "compose.yaml",
            "services:\n  web:\n    image: nginx\n    command: one\n    environment: [A=1, B=2]\n    ports: ['8080:80']\n    volumes: ['./a:/x', './b:/y']\n    dns: 1.1.1.1\n    healthcheck: {test: one, interval: 5s}\n    labels: {l: one}\n    depends_on: [db]\n    expose: [1]\n  db: {image: postgres}\n",
        ),
        (
            "compose.override.yaml",
            "services:\n  web:\n    command: two\n    environment: {B: 3, C: 4}\n    ports: ['8080:80', '9090:90']\n    volumes: ['./c:/x']\n    dns: [8.8.8.8]\n    healthcheck: {test: two}\n    labels: [l=two]\n    depends_on: {db: {condition: service_healthy}}\n    expose: ['1', 2]\n",
        ),
    ]);
    let web = project.root().get("services.web").unwrap();
    let json = |key: &str| web.get(key).unwrap().to_json();
    assert_eq!(json("command"), serde_json::json!(["two"]));
    assert_eq!(
        json("environment"),
        serde_json::json!({"A": "1", "B": "3", "C": "4"})
    );
    assert_eq!(web.get("ports").unwrap().as_sequence().unwrap().len(), 2);
    assert_eq!(json("volumes.0.source"), "./c");
    assert_eq!(json("volumes.1.source"), "./b");
    assert_eq!(json("dns"), serde_json::json!(["1.1.1.1", "8.8.8.8"]));
    assert_eq!(
        json("healthcheck"),
        serde_json::json!({"test": ["CMD-SHELL", "two"], "interval": "5s"})
    );
    assert_eq!(json("labels"), serde_json::json!({"l": "two"}));
    assert_eq!(json("depends_on.db.condition"), "service_healthy");
    assert_eq!(json("expose"), serde_json::json!(["1", "2"]));
}

#[test]
fn reset_and_override_tags_clear_what_came_before() {
    let project = project(&[
        (
            "compose.yaml",
            "services:\n  web:\n    image: nginx\n    ports: ['8080:80']\n    tty: true\n    environment: {A: 1}\n",
        ),
        (
            "compose.override.yaml",
            "services:\n  web:\n    ports: !override ['9090:80']\n    tty: !reset null\n    environment: !reset {}\n",
        ),
    ]);
    assert_eq!(
        text(&project, "services.web.ports.0.published"),
        Some("9090")
    );
    assert_eq!(
        project
            .root()
            .get("services.web.ports")
            .unwrap()
            .as_sequence()
            .unwrap()
            .len(),
        1
    );
    assert!(project.root().get("services.web.tty").is_none());
    assert!(project.root().get("services.web.environment").is_none());
}

#[test]
fn every_value_knows_its_place_and_its_way() {
    let files = [
        (
            "compose.yaml",
            "x-env: &env\n  MODE: ${MODE:-fast}\nservices:\n  web:\n    image: nginx:${TAG}\n    environment:\n      <<: *env\n      A: old\n",
        ),
        (
            "compose.override.yaml",
            "services:\n  web:\n    environment:\n      - A=new\n",
        ),
        (".env", "# versions\nTAG=1.27\n"),
    ];
    let loaded = load_with(&files, |_| {});
    let project = loaded.project.unwrap();
    let place = |node: &Node| {
        let position = loaded.sources.position(node.span());
        format!(
            "{}:{}:{}",
            loaded.sources.get(node.span().source).path,
            position.line,
            position.column
        )
    };
    let web = project.service("web").unwrap();
    let image = web.image().unwrap();
    assert_eq!(
        (image.as_str(), place(image).as_str()),
        (Some("nginx:1.27"), "compose.yaml:5:12")
    );
    let Some(Step::Interpolated {
        variable,
        from: VariableOrigin::File(span),
    }) = image.origin.steps.first()
    else {
        panic!("{:?}", image.origin.steps)
    };
    assert_eq!(
        (variable.as_str(), loaded.sources.text(*span)),
        ("TAG", "TAG=1.27")
    );

    let value = web.environment("A").unwrap();
    assert_eq!(place(value), "compose.override.yaml:4:11");
    let previous = value.origin.steps.iter().find_map(|step| match step {
        Step::MergedOver { previous } => Some(loaded.sources.text(*previous)),
        _ => None,
    });
    assert_eq!(previous, Some("old"));

    let mode = web.environment("MODE").unwrap();
    assert_eq!(
        (mode.as_str(), place(mode).as_str()),
        (Some("fast"), "compose.yaml:2:9")
    );
    assert!(
        mode.origin
            .steps
            .iter()
            .any(|step| matches!(step, Step::MergeKey { .. }))
    );
    assert!(
        mode.origin
            .steps
            .iter()
            .any(|step| matches!(step, Step::Alias { .. }))
    );
}

#[test]
fn the_shell_wins_over_dotenv_and_the_file_over_env_file() {
    let files = [
        (
            "compose.yaml",
            "services:\n  web:\n    image: nginx\n    environment: {OWN: file, FROM_SHELL: , PASS: $A}\n    env_file: web.env\n",
        ),
        (".env", "A=dotenv\nB=dotenv\n"),
        ("web.env", "OWN=env_file\nMORE=$B-$OWN\n"),
    ];
    let loaded = load_with(&files, |request| {
        request.environment = BTreeMap::from([
            ("A".into(), "shell".into()),
            ("FROM_SHELL".into(), "yes".into()),
        ]);
    });
    let project = loaded.project.unwrap();
    let web = project.service("web").unwrap();
    let value = |name: &str| web.environment(name).and_then(Node::as_str);
    assert_eq!(value("PASS"), Some("shell"));
    assert_eq!(value("OWN"), Some("file"));
    assert_eq!(value("FROM_SHELL"), Some("yes"));
    assert_eq!(value("MORE"), Some("dotenv-file"));
    let more = web.environment("MORE").unwrap();
    assert_eq!(loaded.sources.get(more.span().source).path, "web.env");
}

#[test]
fn the_working_folder_is_a_variable_even_where_the_shell_sets_none() {
    let files = [(
        "compose.yaml",
        "services: {web: {image: nginx, volumes: ['${PWD}/a:/a'], environment: [PWD]}}",
    )];
    let source = |change: fn(&mut Request)| {
        let loaded = load_with(&files, change);
        assert!(loaded.findings.is_empty(), "{:?}", loaded.findings);
        let project = loaded.project.unwrap();
        let text = |path| text(&project, path).map(String::from);
        (
            text("services.web.volumes.0.source"),
            text("services.web.environment.PWD"),
        )
    };
    let expected = |source: &str, variable: &str| (Some(source.into()), Some(variable.into()));
    assert_eq!(source(|_| {}), expected("./a", "."));
    assert_eq!(
        source(|request| request.project_directory = "/shop".into()),
        expected("/shop/a", "/shop")
    );
    let set = |request: &mut Request| {
        request.environment = BTreeMap::from([("PWD".into(), "/here".into())]);
    };
    assert_eq!(source(set), expected("/here/a", "/here"));
}

#[test]
fn a_profile_without_a_name_is_active_unless_others_are_named() {
    let files = [(
        "compose.yaml",
        "services: {web: {image: nginx, profiles: [debug, '']}, db: {image: postgres, depends_on: [web]}}",
    )];
    let is_there = |profiles: &[&str], listed: Option<&str>| {
        let loaded = load_with(&files, |request| {
            request.profiles = profiles.iter().map(|profile| profile.to_string()).collect();
            let listed = listed.map(|listed| ("COMPOSE_PROFILES".into(), listed.into()));
            request.environment = listed.into_iter().collect();
        });
        loaded
            .project
            .is_some_and(|project| project.service("web").is_some())
    };
    assert!(is_there(&[], None));
    assert!(is_there(&[], Some("other, ")));
    assert!(is_there(&["debug"], None));
    assert!(!is_there(&["other"], None));
    assert!(!is_there(&[], Some("other")));
}

#[test]
fn a_published_number_and_the_same_text_are_two_ports() {
    let merged = |one: &str, two: &str| {
        let file = |port| format!("services: {{web: {{image: nginx, ports: [{port}]}}}}");
        let (one, two) = (file(one), file(two));
        let project = project(&[("compose.yaml", &one), ("compose.override.yaml", &two)]);
        project.service("web").map(|web| web.ports().len())
    };
    let text = "{target: 80, published: '8080'}";
    let number = "{target: 80, published: 8080}";
    assert_eq!(merged(text, "'8080:80'"), Some(1));
    assert_eq!(merged(number, number), Some(1));
    assert_eq!(merged(number, "'8080:80'"), Some(2));
    assert_eq!(merged("{target: '80', published: '8080'}", text), Some(1));
}

#[test]
fn many_warnings_hide_no_mistake() {
    let unset: String = (0..60)
        .map(|number| format!("      A{number}: $B{number}\n"))
        .collect();
    let text =
        format!("services:\n  web:\n    image: nginx\n    environment:\n{unset}    prots: []\n");
    let loaded = load_with(&[("compose.yaml", &text)], |_| {});
    assert_eq!(
        loaded
            .errors()
            .map(|finding| finding.code)
            .collect::<Vec<_>>(),
        ["unknown-key"]
    );
}

#[test]
fn dollars_are_single_in_values_and_double_in_print() {
    let project = service("environment: {A: 'x$$y'}");
    assert_eq!(text(&project, "services.web.environment.A"), Some("x$y"));
    assert_eq!(
        project.to_json()["services"]["web"]["environment"]["A"],
        "x$$y"
    );
}

#[test]
fn only_services_of_active_profiles_take_part() {
    let files = [(
        "compose.yaml",
        "services:\n  web: {image: nginx}\n  debug: {image: busybox, profiles: [debug]}\n",
    )];
    let names = |profiles: &[&str]| {
        let loaded = load_with(&files, |request| {
            request.profiles = profiles.iter().map(|name| name.to_string()).collect()
        });
        let project = loaded.project.unwrap();
        let names: Vec<String> = project
            .services()
            .map(|service| service.name().to_string())
            .collect();
        (
            names,
            project
                .disabled_services()
                .map(|(name, _)| name.to_string())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        names(&[]),
        (vec!["web".to_string()], vec!["debug".to_string()])
    );
    assert_eq!(names(&["debug"]).0, ["web", "debug"]);
    assert_eq!(names(&["*"]).0, ["web", "debug"]);
}

#[test]
fn the_project_is_named_by_flag_file_or_folder() {
    let files = [(
        "compose.yaml",
        "name: My Shop\nservices: {web: {image: nginx}}\n",
    )];
    assert_eq!(load_with(&files, |_| {}).project.unwrap().name(), "myshop");
    let flag = load_with(&files, |request| {
        request.project_name = Some("other".into())
    });
    assert_eq!(flag.project.unwrap().name(), "other");
    let wrong = load_with(&files, |request| {
        request.project_name = Some("Not OK".into())
    });
    assert_eq!(wrong.findings[0].code, "bad-project-name");
    let folder = load_with(
        &[(
            "compose.yaml",
            "services: {web: {image: nginx, container_name: $COMPOSE_PROJECT_NAME}}\n",
        )],
        |request| {
            request.folder_name = "_Lesson-04".into();
        },
    );
    let project = folder.project.unwrap();
    assert_eq!(
        (
            project.name(),
            project.service("web").unwrap().container_name()
        ),
        ("lesson-04", Some("lesson-04"))
    );
}

#[test]
fn extended_and_included_paths_start_at_their_own_file() {
    let project = project(&[
        (
            "compose.yaml",
            "include: [parts/db.yaml]\nservices:\n  web:\n    extends: {file: base/web.yaml, service: base}\n    environment: [B=2]\n",
        ),
        (
            "base/web.yaml",
            "services:\n  base:\n    image: nginx\n    environment: [A=1]\n    volumes: ['./html:/html']\n",
        ),
        (
            "parts/db.yaml",
            "services:\n  db:\n    image: postgres:$VERSION\n    volumes: ['./data:/data', '../shared:/shared']\n",
        ),
        ("parts/.env", "VERSION=17\n"),
    ]);
    assert_eq!(
        text(&project, "services.web.volumes.0.source"),
        Some("./base/html")
    );
    assert_eq!(
        project
            .root()
            .get("services.web.environment")
            .unwrap()
            .to_json(),
        serde_json::json!({"A": "1", "B": "2"})
    );
    assert_eq!(
        text(&project, "services.db.volumes.0.source"),
        Some("./parts/data")
    );
    assert_eq!(
        text(&project, "services.db.volumes.1.source"),
        Some("./shared")
    );
    assert_eq!(text(&project, "services.db.image"), Some("postgres:17"));
}

#[test]
fn paths_are_absolute_when_the_folder_is_known() {
    let files = [(
        "compose.yaml",
        "services:\n  web:\n    build: .\n    volumes: ['./a:/a', '~/b:/b', '/c:/c']\n",
    )];
    let loaded = load_with(&files, |request| {
        request.project_directory = "/home/me/shop".into();
        request.environment.insert("HOME".into(), "/home/me".into());
    });
    let project = loaded.project.unwrap();
    assert_eq!(
        text(&project, "services.web.build.context"),
        Some("/home/me/shop")
    );
    let sources: Vec<Option<String>> = project
        .service("web")
        .unwrap()
        .mounts()
        .into_iter()
        .map(|mount| mount.source)
        .collect();
    assert_eq!(
        sources,
        [
            Some("/home/me/shop/a".into()),
            Some("/home/me/b".into()),
            Some("/c".into())
        ]
    );
}

#[test]
fn services_are_seen_through_typed_views() {
    let project = service(
        "container_name: shop-web\nentrypoint: [run]\nports: ['127.0.0.1:8080:80', '9000-9005:90']\nvolumes: ['./a:/a:ro', 'data:/b', /anonymous]\ntmpfs: ['/run:ro']\nnetworks: {default: , front: {aliases: [www]}}\nhealthcheck: {test: [CMD, check], interval: 30s, retries: 3, start_period: 1m30s}\ndepends_on: {db: {condition: service_healthy, restart: true}}",
    );
    let web = project.service("web").unwrap();
    assert_eq!(web.container_name(), Some("shop-web"));
    assert_eq!(web.entrypoint(), Some(vec!["run".into()]));
    assert_eq!(web.command(), None);
    let ports = web.ports();
    assert_eq!(
        (
            ports[0].host_ip.as_deref(),
            ports[0].published.as_deref(),
            ports[0].target
        ),
        (Some("127.0.0.1"), Some("8080"), 80)
    );
    assert_eq!(
        (ports[1].published_range(), ports[1].protocol.as_str()),
        (Some((9000, 9005)), "tcp")
    );
    let mounts: Vec<(MountKind, Option<String>, String, bool)> = web
        .mounts()
        .into_iter()
        .map(|mount| (mount.kind, mount.source, mount.target, mount.read_only))
        .collect();
    assert_eq!(
        mounts,
        [
            (MountKind::Bind, Some("./a".into()), "/a".into(), true),
            (MountKind::Volume, Some("data".into()), "/b".into(), false),
            (MountKind::Volume, None, "/anonymous".into(), false),
            (MountKind::Tmpfs, None, "/run".into(), true),
        ]
    );
    let networks: Vec<(&str, Vec<String>)> = web
        .networks()
        .into_iter()
        .map(|network| (network.name, network.aliases))
        .collect();
    assert_eq!(
        networks,
        [("default", vec![]), ("front", vec!["www".to_string()])]
    );
    let check = web.healthcheck().unwrap();
    assert_eq!(
        (check.interval, check.start_period, check.retries),
        (
            Some(Duration::from_secs(30)),
            Some(Duration::from_secs(90)),
            Some(3)
        )
    );
    assert!(!check.disabled);
    let dependency = &web.depends_on()[0];
    assert_eq!(
        (
            dependency.service,
            dependency.condition,
            dependency.required,
            dependency.restart
        ),
        ("db", DependencyCondition::Healthy, true, true)
    );
    let db: Vec<&str> = project
        .service("db")
        .unwrap()
        .networks()
        .into_iter()
        .map(|network| network.name)
        .collect();
    assert_eq!(db, ["default"]);
    assert_eq!(
        project.volumes().map(|(name, _)| name).collect::<Vec<_>>(),
        ["data"]
    );
    assert!(project.service("nobody").is_none());
}

#[test]
fn what_nobody_uses_is_left_out_and_what_everybody_needs_is_there() {
    let project = project(&[(
        "compose.yaml",
        "services:\n  web: {image: nginx}\nvolumes: {unused: }\nnetworks: {unused: }\n",
    )]);
    assert_eq!(project.volumes().count(), 0);
    assert_eq!(
        project.networks().map(|(name, _)| name).collect::<Vec<_>>(),
        ["default"]
    );
    assert_eq!(
        text(&project, "networks.default.name"),
        Some("shop_default")
    );
}

#[test]
fn links_and_shared_namespaces_are_dependencies() {
    let project = project(&[(
        "compose.yaml",
        "services:\n  web: {image: nginx, links: ['db:database'], network_mode: 'service:vpn', volumes_from: ['files:ro']}\n  db: {image: x}\n  vpn: {image: x}\n  files: {image: x}\n",
    )]);
    let mut names: Vec<&str> = project
        .service("web")
        .unwrap()
        .depends_on()
        .iter()
        .map(|dependency| dependency.service)
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["db", "files", "vpn"]);
    assert!(project.service("web").unwrap().networks().is_empty());
}

#[test]
fn crlf_and_a_byte_order_mark_change_nothing() {
    let unix = "services:\n  web:\n    image: nginx\n    command: |\n      one\n      two\n    environment:\n      - A=b\n";
    let windows = format!("\u{feff}{}", unix.replace('\n', "\r\n"));
    let loaded = load_with(&[("compose.yaml", &windows)], |_| {});
    let project = loaded.project.unwrap();
    assert_eq!(
        project.to_json(),
        self::project(&[("compose.yaml", unix)]).to_json()
    );
    let position = loaded
        .sources
        .position(project.root().get("services.web.image").unwrap().span());
    assert_eq!((position.line, position.column), (3, 12));
}

#[test]
fn files_read_lists_what_was_asked_for() {
    let loaded = load_with(
        &[
            (
                "compose.yaml",
                "services: {web: {image: nginx, env_file: a.env}}",
            ),
            ("a.env", ""),
        ],
        |_| {},
    );
    let read: Vec<(&str, &compose::ReadOutcome)> = loaded
        .files_read
        .iter()
        .map(|file| (file.path.as_str(), &file.outcome))
        .collect();
    use compose::ReadOutcome::{Absent, Read};
    assert_eq!(
        read,
        [(".env", &Absent), ("compose.yaml", &Read), ("a.env", &Read)]
    );
}

#[test]
fn the_scale_of_a_service_is_also_its_number_of_replicas() {
    let project = service("scale: 2\ndeploy: {mode: replicated}");
    let replicas = project.root().get("services.web.deploy.replicas");
    assert_eq!(replicas.and_then(Node::as_integer), Some(2));
    assert!(
        service("scale: 2")
            .root()
            .get("services.web.deploy")
            .is_none()
    );
}

#[test]
fn yaml_shows_keys_of_ones_own_and_leaves_out_what_is_empty_and_json_the_other_way_round() {
    let project = project(&[(
        "compose.yaml",
        "services:\n  web:\n    x-owner: me\n    image: nginx\n    network_mode: none\n    deploy: {mode: global, placement: {x-a: }}\n    \
         ulimits: {nofile: {soft: 0, hard: 5}}\n    \
         blkio_config: {device_read_bps: [{path: /a, rate: 0}]}\n    \
         gpus: [{count: 1, x-of-no-record: 1}]\nx-list: []\n",
    )]);
    let expected = "name: shop\nservices:\n  web:\n    blkio_config:\n      device_read_bps:\n        - path: /a\n          \
                    rate: \"0\"\n    deploy:\n      mode: global\n      placement:\n        x-a: null\n    gpus:\n      - count: 1\n    image: nginx\n    \
                    network_mode: none\n    ulimits:\n      nofile:\n        soft: 0\n        hard: 5\n    x-owner: me\nx-list: []\n";
    assert_eq!(compose::print::yaml(&project), expected);
    let json = project.to_json();
    let web = &json["services"]["web"];
    assert_eq!(web.get("x-owner"), None);
    assert_eq!(web["command"], serde_json::Value::Null);
    assert_eq!(web["deploy"]["resources"], serde_json::json!({}));
    assert_eq!(web["ulimits"]["nofile"], serde_json::json!({"hard": 5}));
    assert_eq!(
        web["blkio_config"]["device_read_bps"][0],
        serde_json::json!({"Path": "/a", "Rate": "0"})
    );
    assert_eq!(json["x-list"], serde_json::Value::Null);
    let text = compose::print::json(&project);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&text).expect("it is JSON"),
        json
    );
}
