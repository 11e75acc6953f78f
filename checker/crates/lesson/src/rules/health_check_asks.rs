//! `health-check-asks`

use compose::Service;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::probe::{self, Address, Probe};
use crate::scene::{Judged, Mismatch, Scene};
use crate::{address, command, image_contents};

pub const RULE: Rule = Rule {
    name: "health-check-asks",
    what: "A service has a health check that can run, that can fail, and that asks the program itself whether it works: through its client, or at an address that says so.",
    why: "A probe is believed by everybody who waits for the service. One that asks something else is believed just as well.",
    mend: "Use the client that the program brings along, or ask inside the container for the address that its documentation names for health.",
    leave: "Where nobody waits for the service.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Parameters {
    service: String,
    /// Clients that ask it: a program, and words of which each has to come after it in this order.
    #[serde(default)]
    programs: Vec<Vec<String>>,
    /// The container port at which it answers HTTP.
    port: Option<u16>,
    /// Paths that answer 200 when all is well, and with an error when not.
    #[serde(default)]
    paths: Vec<String>,
    /// Paths that answer 200 even when something is wrong.
    #[serde(default)]
    content_with_less: Vec<String>,
    /// Whether an accepted connection to the port says enough, because the image has nothing to ask HTTP with.
    #[serde(default)]
    connection: bool,
}

fn judge(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    let name = &parameters.service;
    let Some(service) = scene.service(name) else {
        return Judged::not_seen(
            format!("there is no service `{name}`"),
            "look at the names under `services:`",
        );
    };
    let expected = expected(parameters);
    let Some((_, probe)) = probe::of(&service) else {
        let has_test = |check: compose::Healthcheck<'_>| check.disabled || !check.test.is_empty();
        if service.node().get("build").is_some() && !service.healthcheck().is_some_and(has_test) {
            return Judged::not_seen(
                format!(
                    "`{name}` has no health check in the file; the image that is built for it may have one"
                ),
                "write the probe under `healthcheck: test:`, so that it can be read here",
            );
        }
        return probe::missing(scene, name, &expected).into();
    };
    let wrong =
        cannot_run(scene, &service, &probe).or_else(|| cannot_fail(scene, &service, &probe));
    if let Some(wrong) = wrong {
        return wrong.into();
    }
    let found = match asked(scene, &service, &probe, parameters) {
        Asked::Itself => return Judged::Holds,
        Asked::OwnProgram(program) => {
            return Judged::not_seen(
                format!("the probe of `{name}` runs `{program}`, and what that asks stands there"),
                "put the question into `healthcheck: test:` itself, so that it can be read here",
            );
        }
        Asked::SomethingElse(found) => found,
    };
    let spot = probe::spot(scene, &service);
    Mismatch::new(spot, found, expected)
        .next(format!(
            "run the probe by hand with `docker compose exec {name}`, once while {name} works and once while it does not"
        ))
        .into()
}

/// Why the probe of a service cannot run, if so.
fn cannot_run(scene: &Scene<'_>, service: &Service<'_>, probe: &Probe) -> Option<Mismatch> {
    let test = service.healthcheck()?.test;
    let spot = probe::spot(scene, service);
    let expected = "a probe whose programs are in the image";
    if let Some(found) = probe::mistaken(&test) {
        let next = "`[\"CMD\", program, argument, …]` starts the program itself; `CMD-SHELL` and a plain text are for a shell";
        return Some(Mismatch::new(spot, found, expected).next(next));
    }
    let contents = image_contents::contents_of(service)?;
    // What the service's own command names it may have installed.
    let brought = |program: &str| {
        let mut words = command::words_of(service).into_iter();
        words.any(|(word, _)| word.contains(program))
    };
    let image = service.image()?.as_str()?;
    let found = if probe.in_shell && !contents.has_shell() {
        format!("the image {image} has no shell, and this probe needs one")
    } else {
        let program = probe.needs(|program| contents.lacks(program) && !brought(program))?;
        format!("the image {image} has no `{program}`")
    };
    Some(Mismatch::new(spot, found, expected).next(contents.instead.clone()))
}

/// Why the probe of a service says healthy whatever happens, if so.
fn cannot_fail(scene: &Scene<'_>, service: &Service<'_>, probe: &Probe) -> Option<Mismatch> {
    let found = probe.cannot_fail()?;
    let expected = "a probe that ends with another exit code than 0 when the program does not work";
    let next = format!(
        "run the probe by hand with `docker compose exec {}`, and look at `echo $?`",
        service.name()
    );
    Some(Mismatch::new(probe::spot(scene, service), found, expected).next(next))
}

/// Whom a probe asks.
enum Asked {
    Itself,
    OwnProgram(String),
    SomethingElse(String),
}

fn asked(
    scene: &Scene<'_>,
    service: &Service<'_>,
    probe: &Probe,
    parameters: &Parameters,
) -> Asked {
    let words = probe::words(&probe.text);
    let has_client = |client: &Vec<String>| runs(&words, client);
    if parameters.programs.iter().any(has_client) {
        return Asked::Itself;
    }
    let addresses = probe::addresses(&probe.text);
    let wrong: Vec<_> = addresses
        .iter()
        .map(|address| wrong_address(scene, service, address, parameters))
        .collect();
    if wrong.iter().any(Option::is_none) {
        return Asked::Itself;
    }
    if let Some(found) = wrong.into_iter().flatten().next() {
        return Asked::SomethingElse(found);
    }
    // A path without an address around it, as in `GET /readyz HTTP/1.0` or `request("GET", "/health")`.
    let asks_for_a_page = parameters.paths.iter().any(|path| names(&words, path));
    if asks_for_a_page && reads_the_answer(&probe.text) {
        return Asked::Itself;
    }
    let port = parameters.port.map(|port| port.to_string());
    let connects = port.is_some_and(|port| probe.text.contains(&port));
    // Over UDP nobody has to be there.
    let connects = connects && !probe.text.contains("/dev/udp/");
    if parameters.connection && connects {
        return Asked::Itself;
    }
    if let Some(program) = probe.own_program() {
        return Asked::OwnProgram(program.to_owned());
    }
    let name = service.name();
    Asked::SomethingElse(if asks_for_a_page {
        "it asks for the page, and takes every answer for a good one".to_owned()
    } else if connects {
        format!("it asks whether somebody listens, and not whether `{name}` works")
    } else {
        let asked = match probe.text.trim() {
            "" => "a probe without a command".to_owned(),
            text => format!("`{text}`"),
        };
        format!("{asked} does not ask {name} whether it works")
    })
}

/// What is wrong with an address; nothing where it is the one to ask.
fn wrong_address(
    scene: &Scene<'_>,
    service: &Service<'_>,
    Address { host, port, path }: &Address,
    parameters: &Parameters,
) -> Option<String> {
    let name = service.name();
    if !is_own(scene, service, host) {
        return Some(format!("it asks `{host}`, which is not this container"));
    }
    if Some(*port) != parameters.port {
        let published = service
            .ports()
            .iter()
            .any(|mapping| mapping.published.as_deref() == Some(port.to_string().as_str()));
        return Some(if published {
            format!("{port} is the port on your machine; the probe runs inside the container")
        } else {
            format!("`{name}` has no page about its health on port {port}")
        });
    }
    if parameters.content_with_less.contains(path) {
        return Some(format!(
            "`{name}` answers {path} with 200 also when it cannot do its work"
        ));
    }
    (!parameters.paths.contains(path)).then(|| {
        format!("`{name}` does not serve {path}: it answers 404, and the container stays unhealthy")
    })
}

/// Whether a host name means the container that asks.
fn is_own(scene: &Scene<'_>, service: &Service<'_>, host: &str) -> bool {
    let mut names = address::names(scene, service).into_iter();
    probe::is_this_container(host) || names.any(|name| name.eq_ignore_ascii_case(host))
}

/// Whether a client is run with these words after it, in this order.
fn runs(words: &[&str], client: &[String]) -> bool {
    let Some((program, arguments)) = client.split_first() else {
        return false;
    };
    let Some(start) = words
        .iter()
        .position(|word| probe::base_name(word) == program)
    else {
        return false;
    };
    let mut rest = words[start..].iter();
    arguments
        .iter()
        .all(|argument| rest.any(|word| word.eq_ignore_ascii_case(argument)))
}

/// Whether a path stands in a word of its own, or at its end; the first page only where it is asked for.
fn names(words: &[&str], path: &str) -> bool {
    match path {
        "/" => words.windows(2).any(|pair| pair == ["GET", "/"]),
        _ => words.iter().any(|word| word.ends_with(path)),
    }
}

/// Whether a script that opens a connection by itself looks at what comes back. Other clients do, or are told elsewhere.
fn reads_the_answer(text: &str) -> bool {
    let looks = ["grep", "200", "[", "test ", "case ", "awk", "OK"];
    !text.contains("/dev/tcp/") || looks.iter().any(|word| text.contains(word))
}

fn expected(parameters: &Parameters) -> String {
    let clients: Vec<_> = parameters
        .programs
        .iter()
        .map(|client| format!("`{}`", client.join(" ")))
        .collect();
    let route = parameters.port.filter(|_| !parameters.paths.is_empty());
    let route = route.map(|port| format!("port {port} for {}", parameters.paths.join(" or ")));
    match (clients.is_empty(), route) {
        (true, Some(route)) => format!("a probe inside the container that asks {route}"),
        (false, Some(route)) => {
            format!(
                "a probe that runs {}, or asks {route}",
                clients.join(" or ")
            )
        }
        (_, None) => format!("a probe that runs {}", clients.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn page(test: &str) -> Judged {
        let compose = format!(
            "services: {{web: {{image: x, container_name: page, ports: ['8006:8000'], healthcheck: {{test: {test}}}}}}}"
        );
        let with = json!({
            "service": "web", "port": 8000, "paths": ["/health"], "content-with-less": ["/"],
        });
        on_file("health-check-asks", with, &compose)
    }

    fn database(test: &str) -> Judged {
        let compose = format!("services: {{db: {{image: x, healthcheck: {{test: {test}}}}}}}");
        let with = json!({
            "service": "db", "programs": [["ask", "endpoint", "health"]], "port": 6333, "paths": ["/ready"], "connection": true,
        });
        on_file("health-check-asks", with, &compose)
    }

    #[test]
    fn the_page_about_health_holds_in_every_form() {
        for test in [
            "[CMD, curl, -f, 'http://localhost:8000/health']",
            "'curl -fsS http://127.0.0.1:8000/health?full=1 || exit 1'",
            "[CMD, curl, -f, 'localhost:8000/health']",
            "[CMD, curl, -f, 'http://web:8000/health']",
            "[CMD, curl, -f, 'http://page:8000/health']",
            "[CMD, curl, -f, 'http://Web:8000/health']",
            "'curl -f http://localhost:$$PORT/health'",
            "[CMD-SHELL, 'curl -f http://$$(hostname):8000/health']",
            "[CMD, python, -c, \"import urllib.request as u; u.urlopen('http://localhost:8000/health', timeout=2)\"]",
            "[CMD, python, -c, \"import http.client as h; c = h.HTTPConnection('localhost', 8000); c.request('GET', '/health'); exit(c.getresponse().status != 200)\"]",
            "[CMD, bash, -c, \"exec 3<>/dev/tcp/127.0.0.1/8000 && echo -e 'GET /health HTTP/1.0\\r\\n' >&3 && grep -q ' 200 ' <&3\"]",
        ] {
            holds(page(test));
        }
    }

    #[test]
    fn what_asks_something_else_is_told() {
        for (test, words) in [
            (
                "[CMD, curl, -f, 'http://localhost:8006/health']",
                "port on your machine",
            ),
            (
                "[CMD, curl, -f, 'http://localhost:9999/health']",
                "no page about its health",
            ),
            (
                "[CMD, curl, -f, 'http://localhost:8000/']",
                "also when it cannot",
            ),
            (
                "[CMD, curl, -f, 'http://localhost:8000/healthy']",
                "does not serve /healthy",
            ),
            (
                "[CMD, curl, -f, 'http://redis:8000/health']",
                "not this container",
            ),
            (
                "[CMD, bash, -c, ': > /dev/tcp/localhost/8000']",
                "whether somebody listens",
            ),
            ("[CMD, ls, /srv]", "does not ask web"),
            (
                "[CMD, bash, -c, \"exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3\"]",
                "takes every answer",
            ),
            (
                "curl -f http://localhost:8000/health || true",
                "whatever happens",
            ),
            (
                "[CMD, 'curl -f http://localhost:8000/health']",
                "items of their own",
            ),
        ] {
            finds(page(test), words);
        }
    }

    #[test]
    fn a_client_or_a_connection_will_do_where_the_lesson_says_so() {
        holds(database("[CMD, ask, --port=1, endpoint, health]"));
        holds(database("test \"$$(/bin/ask endpoint HEALTH)\" = ok"));
        holds(database("[CMD, bash, -c, ': > /dev/tcp/127.0.0.1/6333']"));
        finds(database("[CMD, ask, endpoint]"), "does not ask db");
        finds(
            database("[CMD, bash, -c, ': > /dev/udp/127.0.0.1/6333']"),
            "does not ask db",
        );
    }

    #[test]
    fn no_probe_is_told_and_somebodys_own_program_is_not_judged() {
        finds(database("[NONE]"), "has no health check");
        assert!(matches!(page("[CMD, /probe.sh]"), Judged::Unknown(_)));
    }

    #[test]
    fn what_an_image_of_ones_own_brings_is_not_judged() {
        let with = json!({"service": "db", "programs": [["ask"]]});
        let file = "services: {db: {build: .}}";
        let judged = on_file("health-check-asks", with.clone(), file);
        assert!(matches!(judged, Judged::Unknown(_)));
        let file = "services: {db: {build: ., healthcheck: {disable: true}}}";
        finds(
            on_file("health-check-asks", with, file),
            "has no health check",
        );
    }

    #[test]
    fn a_program_that_the_command_installs_is_there() {
        let with = json!({"service": "web", "port": 80, "paths": ["/health"]});
        let file = |command: &str| {
            format!(
                "services: {{web: {{image: 'python:3.11-slim', command: {command}, healthcheck: {{test: 'curl -f http://localhost/health'}}}}}}"
            )
        };
        let installs = "sh -c 'apt-get install -y curl && exec python app.py'";
        holds(on_file("health-check-asks", with.clone(), &file(installs)));
        finds(
            on_file("health-check-asks", with, &file("python app.py")),
            "has no `curl`",
        );
    }

    fn store(image: &str, test: &str) -> Judged {
        let compose =
            format!("services: {{db: {{image: '{image}', healthcheck: {{test: {test}}}}}}}");
        let with = json!({"service": "db", "programs": [["etcdctl"], ["python3"], ["curl"]]});
        on_file("health-check-asks", with, &compose)
    }

    const ETCD: &str = "quay.io/coreos/etcd:v3.5.25";

    #[test]
    fn a_program_of_the_image_holds_in_every_form() {
        holds(store(ETCD, "[CMD, etcdctl, endpoint, health]"));
        holds(store(
            ETCD,
            "[CMD, /usr/local/bin/etcdctl, endpoint, health]",
        ));
        holds(store("python:3.11-slim", "python3 -c 'print()'"));
        holds(store("python:3.11", "[CMD, curl, -f, 'http://localhost']"));
    }

    #[test]
    fn a_missing_program_is_told_in_every_form() {
        for test in [
            "[CMD, curl, -f, 'http://localhost:8000/']",
            "curl -f http://localhost:8000/ || exit 1",
            "[CMD-SHELL, 'curl -f http://localhost:8000/']",
            "[CMD, sh, -c, 'curl -f http://localhost:8000/']",
        ] {
            finds(store("python:3.11-slim", test), "has no `curl`");
        }
        finds(store(ETCD, "etcdctl endpoint health"), "no shell");
        finds(
            store(ETCD, "[CMD, sh, -c, etcdctl endpoint health]"),
            "no shell",
        );
        finds(
            store(ETCD, "[CMD, curl, 'http://localhost:2379/health']"),
            "no `curl`",
        );
    }

    #[test]
    fn words_that_go_astray_are_told() {
        finds(
            store("x", "[CMD, curl -f http://localhost]"),
            "items of their own",
        );
        finds(
            store("x", "[CMD-SHELL, pg_isready, -U, shop]"),
            "nothing more",
        );
        finds(
            store("x", "[CMD, curl, -f, 'http://x', '||', exit, '1']"),
            "no shell",
        );
        finds(
            store("x", "[CMD, redis-cli, -a, $$PASSWORD, ping]"),
            "no shell",
        );
    }
}
