//! Health probes as Docker runs them: which commands, through which shell, and whether they can succeed and fail.
//!
//! A probe's only answer is its exit code. What is said here of exit codes was run: `curl` ends with 0 for a 404 unless told
//! otherwise, and a pipe ends as its last command does.

use compose::{Healthcheck, Service};

use crate::command::script_words;
use crate::report::Spot;
use crate::scene::{Mismatch, Scene};

/// What `healthcheck: test:` makes Docker run.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Whether a shell takes it apart.
    pub in_shell: bool,
    /// Its simple commands, in the order in which they stand.
    pub commands: Vec<Simple>,
    /// All of it, as one text.
    pub text: String,
}

/// One command of a probe, up to what joins it to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simple {
    /// Program and arguments, with assignments in front of them.
    pub words: Vec<String>,
    /// What stands between it and the next: `&&`, `||`, `|`, `;`, `&`; nothing at the end.
    pub then: String,
}

/// With what a command can end.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ends {
    /// With 0, because of these words.
    Zero(String),
    /// With another code than 0.
    Error,
    /// With either.
    Either,
}

/// What ends with 0, whatever else is wrong.
const CONTENT: [&str; 11] = [
    "true", ":", "echo", "printf", "sleep", "date", "hostname", "pwd", "whoami", "uname", "id",
];
/// What ends with 0 at the end of a pipe, whatever comes in.
const FILTERS: [&str; 8] = ["cat", "tee", "head", "tail", "wc", "sort", "tr", "sed"];
/// Words of the shell that decide what is run; scripts with them are not judged.
const DECIDES: [&str; 14] = [
    "if", "then", "else", "elif", "fi", "while", "until", "for", "do", "done", "case", "esac", "{",
    "function",
];
/// Programs that look at what another one has brought.
const LOOKS: [&str; 7] = ["grep", "egrep", "fgrep", "test", "[", "[[", "jq"];
/// Programs that take a script of their own, in which `$` and `|` mean something else.
const INTERPRETERS: [&str; 14] = [
    "sh", "bash", "ash", "dash", "python", "python3", "perl", "node", "awk", "ruby", "mongo",
    "mongosh", "jq", "php",
];

impl Probe {
    /// Reads a test as Docker takes it: `["CMD", …]` or `["CMD-SHELL", …]`. Nothing where there is no test, or it is `NONE`.
    pub fn new(test: &[String]) -> Option<Self> {
        let (kind, words) = test.split_first()?;
        let text = words.join(" ");
        let script = match kind.as_str() {
            "CMD-SHELL" => words.first().cloned(),
            "CMD" => script_of(words),
            _ => return None,
        };
        let commands = match &script {
            Some(script) => commands_of(script),
            None => vec![Simple {
                words: words.to_vec(),
                then: String::new(),
            }],
        };
        Some(Self {
            in_shell: script.is_some(),
            commands,
            text,
        })
    }

    /// Why it always ends with exit code 0, if it does.
    pub fn cannot_fail(&self) -> Option<String> {
        // What the shell decides does not change what curl calls a success.
        if self.decides() {
            return self.blind_to_errors();
        }
        match ends(&self.commands, &self.text) {
            Ends::Zero(because) => Some(format!(
                "it ends with exit code 0 whatever happens, because of `{because}`"
            )),
            Ends::Error | Ends::Either => self.blind_to_errors(),
        }
    }

    /// A client that ends with 0 although the server has answered with an error.
    fn blind_to_errors(&self) -> Option<String> {
        let program = |command: &Simple| {
            let first = command.bare().first();
            first
                .map_or("", |word| base_name(word.trim_start_matches('(')))
                .to_owned()
        };
        // What the shell decides does not change what curl calls a success.
        let commands = match self.decides() {
            true => self.commands.as_slice(),
            false => self.decisive(),
        };
        // What a later command looks at may be the answer.
        let looks_later = |later: &[Simple]| {
            later
                .iter()
                .any(|command| LOOKS.contains(&program(command).as_str()))
        };
        // `if curl …; then exit 1` calls every answer a failure.
        let turned_round = |next: Option<&Simple>| {
            next.is_some_and(|next| next.words[0] == "then" && next.ends(false) == Ends::Error)
        };
        let blind = |(index, command): (usize, &Simple)| {
            program(command) == "curl"
                && !turned_round(commands.get(index + 1))
                && command.then != "|"
                && !command.bare()[1..].iter().any(|word| tells(word))
                && !looks_later(&commands[index + 1..])
        };
        let found = commands.iter().enumerate().any(blind).then(|| {
            "`curl` without `-f` ends with exit code 0 for every answer, 404 and 500 too".to_owned()
        });
        let requests = self.text.contains("requests.get(") || self.text.contains(".getresponse(");
        let looks = ["raise_for_status", "status", ".ok", ".code"];
        let has = |word: &&str| self.text.contains(*word);
        let found = found.or_else(|| {
            (requests && !looks.iter().any(has)).then(|| {
                "the Python in it ends with exit code 0 for every answer, 404 and 500 too"
                    .to_owned()
            })
        });
        // What is caught ends nothing.
        let catches = self.text.contains("import ") && self.text.contains("except");
        found.or_else(|| {
            (catches && !["exit", "raise"].iter().any(has)).then(|| {
                "the Python in it catches the error, and ends with exit code 0 all the same"
                    .to_owned()
            })
        })
    }

    /// The first program that it cannot do without and that is among those that are missing.
    pub fn needs(&self, is_missing: impl Fn(&str) -> bool) -> Option<String> {
        if self.decides() {
            return None;
        }
        let mut missing = None;
        for alternative in self
            .decisive()
            .split_inclusive(|command| command.then == "||")
        {
            let mut doomed = false;
            for command in alternative {
                let program = command
                    .programs()
                    .into_iter()
                    .find(|program| is_missing(program));
                doomed |= program.is_some() || command.ends(false) == Ends::Error;
                missing = missing.or(program);
            }
            if !doomed {
                return None;
            }
        }
        missing
    }

    /// The commands whose end is the probe's: those after the last `;`, or before it where an `exit` only hands on.
    fn decisive(&self) -> &[Simple] {
        let hands_on = |sequence: &[Simple]| {
            sequence.iter().all(|command| {
                command.bare().first().is_some_and(|word| word == "exit")
                    && command.ends(false) == Ends::Either
            })
        };
        let sequences = self.commands.split_inclusive(|command| command.then == ";");
        let mut from_the_end = sequences.rev();
        from_the_end
            .find(|sequence| !hands_on(sequence))
            .unwrap_or_default()
    }

    /// Whether the shell decides what is run; then what comes of it is not known here.
    fn decides(&self) -> bool {
        self.in_shell
            && self.commands.iter().any(|command| {
                command
                    .words
                    .first()
                    .is_some_and(|word| DECIDES.contains(&word.as_str()) || word.starts_with('('))
            })
    }

    /// The script or program of somebody's own that it runs, whose content is not seen here.
    pub fn own_program(&self) -> Option<&str> {
        self.commands.iter().find_map(|command| {
            let words = command.bare();
            let first = words.first()?;
            let file = match INTERPRETERS.contains(&base_name(first)) {
                true => words[1..].iter().find(|word| !word.starts_with('-'))?,
                false => first,
            };
            let is_file = file.ends_with(".sh") || file.ends_with(".py");
            let usual = ["/bin/", "/usr/", "/sbin/"];
            let is_own = file.contains('/')
                && !file.contains(|letter: char| letter.is_whitespace() || "<>".contains(letter))
                && !usual.iter().any(|folder| file.starts_with(folder));
            (is_file || is_own).then_some(file.as_str())
        })
    }
}

impl Simple {
    /// Its words without what stands before the program: assignments, `exec`, `!`, `timeout 5`.
    pub fn bare(&self) -> &[String] {
        let mut words = self.words.as_slice();
        while let Some((first, rest)) = words.split_first() {
            match first.as_str() {
                "exec" | "!" | "command" | "time" | "nice" | "env" | "if" | "elif" | "while"
                | "until" | "then" | "else" | "do" | "{" | "(" => words = rest,
                "timeout" => {
                    let options = rest
                        .iter()
                        .take_while(|word| {
                            word.starts_with('-') || word.starts_with(|c: char| c.is_ascii_digit())
                        })
                        .count();
                    words = &rest[options..];
                }
                _ if assigns(first) => words = rest,
                _ => break,
            }
        }
        words
    }

    /// Names of the programs that it starts, those in `$(…)` too.
    fn programs(&self) -> Vec<String> {
        let own = self.bare().first();
        let own = own
            .filter(|word| !word.starts_with(['-', '$', '`']))
            .map(|word| base_name(word).to_owned());
        let nested = self.words.iter().filter_map(|word| {
            let inside = word.split_once("$(").map(|(_, inside)| inside);
            let inside = inside.or_else(|| word.split_once('`').map(|(_, inside)| inside))?;
            let name = inside
                .split(|c: char| c.is_whitespace() || c == ')')
                .next()?;
            Some(base_name(name).to_owned())
        });
        own.into_iter().chain(nested).collect()
    }

    /// With what it can end, `after_pipe` at the end of a pipe.
    fn ends(&self, after_pipe: bool) -> Ends {
        let words = self.bare();
        let Some((first, arguments)) = words.split_first() else {
            return Ends::Either;
        };
        // What is turned round, and what cannot be opened to read or to write.
        let may_fail = self.words.first().is_some_and(|word| word == "!")
            || words.iter().any(|word| word.contains(['<', '>']));
        let program = base_name(first);
        let asks_itself = ["--version", "-V", "--help", "version"];
        let only_itself = arguments
            .first()
            .is_some_and(|word| asks_itself.contains(&word.as_str()))
            && arguments.len() == 1;
        let zero = Ends::Zero(words.join(" "));
        match (program, arguments.first().map(String::as_str)) {
            _ if may_fail => Ends::Either,
            ("exit", Some("0")) => zero,
            ("exit", Some(code)) if code.parse::<u8>().is_ok() => Ends::Error,
            ("false", _) => Ends::Error,
            (name, _) if CONTENT.contains(&name) => zero,
            (name, _) if after_pipe && FILTERS.contains(&name) => Ends::Zero(format!("| {name}")),
            _ if only_itself => zero,
            _ => Ends::Either,
        }
    }
}

/// Why a test runs something else than its author meant, if so.
pub fn mistaken(test: &[String]) -> Option<String> {
    let words: Vec<&str> = test.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["CMD", program, ..] if assigns(program) => Some(format!(
            "`CMD` starts no shell, so `{program}` is no assignment: there is no program of that name"
        )),
        ["CMD", program] if program.contains(' ') => Some(format!(
            "`CMD` takes a program and its arguments as items of their own; there is no program called `{program}`"
        )),
        // What follows are the script's own arguments, and nearly no script reads them.
        ["CMD-SHELL", script, _, ..] if !reads_arguments(script) => Some(format!(
            "`CMD-SHELL` takes one text; the shell gets `{script}` and nothing more"
        )),
        ["CMD-SHELL", script] if script.starts_with("CMD ") => Some(
            "in a text there is no `CMD`: the shell looks for a program of that name".to_owned(),
        ),
        ["CMD", program, arguments @ ..] if !INTERPRETERS.contains(&base_name(program)) => {
            for_a_shell(program, arguments).or_else(|| in_one_item(program, arguments))
        }
        _ => None,
    }
}

/// Whether a script uses the words that follow it.
fn reads_arguments(script: &str) -> bool {
    ["$0", "$1", "$2", "$@", "$*", "${1", "${@"]
        .iter()
        .any(|name| script.contains(name))
}

/// A word that only a shell understands, where there is none.
fn for_a_shell(program: &str, arguments: &[&str]) -> Option<String> {
    let word = arguments.iter().find(|word| {
        matches!(
            **word,
            "||" | "&&" | "|" | ";" | ">" | "2>&1" | ">/dev/null"
        ) || names_a_variable(word)
    })?;
    Some(format!(
        "`CMD` starts no shell: `{}` gets `{word}` as it stands",
        base_name(program)
    ))
}

/// Two words that stand in one item, where the program takes an item for one word.
fn in_one_item(program: &str, arguments: &[&str]) -> Option<String> {
    let program = base_name(program);
    // Those that take their words apart for themselves, as `psql` does with `-c SELECT 1`, are not here.
    let in_one = |word: &&&str| match program {
        "etcdctl" | "mc" => word.contains(' '),
        "redis-cli" => word.starts_with('-') && word.contains(' '),
        "curl" | "wget" => word.starts_with('-') && word.contains(" http"),
        _ => false,
    };
    let word = arguments.iter().find(in_one)?;
    Some(format!(
        "`{word}` is one item, so `{program}` takes it for one word; each word needs an item of its own"
    ))
}
/// Whether a word is `NAME=value`, as a shell takes it in front of a program.
fn assigns(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    })
}
/// Whether a text has `$NAME` or `${NAME}` in it.
fn names_a_variable(text: &str) -> bool {
    text.split('$').skip(1).any(|rest| {
        let name = rest.trim_start_matches('{');
        name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
    })
}

/// The health check of a service that tests something.
pub fn of<'a>(service: &Service<'a>) -> Option<(Healthcheck<'a>, Probe)> {
    let check = service.healthcheck().filter(|check| !check.disabled)?;
    let probe = Probe::new(&check.test)?;
    Some((check, probe))
}

/// The place of a service's test, or of its health check where that has none.
pub fn spot(scene: &Scene<'_>, service: &Service<'_>) -> Spot {
    let test = service
        .healthcheck()
        .and_then(|check| check.node.child("test"));
    match test {
        Some(test) => scene.spot_of(test),
        None => scene.nearest(&format!("services.{}.healthcheck", service.name())),
    }
}

/// That a service has no health check.
pub fn missing(scene: &Scene<'_>, service: &str, expected: &str) -> Mismatch {
    Mismatch::new(
        scene.nearest(&format!("services.{service}.healthcheck")),
        format!("`{service}` has no health check, so nobody can wait for it"),
        expected,
    )
}

/// The script in `sh -c SCRIPT`. The `&>` of bash, which is `>` for both kinds of output, is written as `>`: in other
/// shells its `&` ends the command.
fn script_of(words: &[String]) -> Option<String> {
    let (first, rest) = words.split_first()?;
    let is_shell = matches!(base_name(first), "sh" | "bash" | "ash" | "dash");
    let flag = rest
        .iter()
        .position(|word| word.starts_with('-') && word.ends_with('c'))?;
    let script = rest.get(flag + 1).filter(|_| is_shell)?;
    Some(match base_name(first) {
        "bash" => script.replace("&>", ">"),
        _ => script.clone(),
    })
}

fn commands_of(script: &str) -> Vec<Simple> {
    let mut commands = vec![Simple {
        words: Vec::new(),
        then: String::new(),
    }];
    for word in script_words(script) {
        let joins = matches!(word.as_str(), "&&" | "||" | "|" | ";" | "&" | ";;");
        match commands.last_mut() {
            Some(last) if joins => {
                last.then = word;
                commands.push(Simple {
                    words: Vec::new(),
                    then: String::new(),
                });
            }
            Some(last) => last.words.push(word),
            None => {}
        }
    }
    // Nothing follows the last `;`, and a line may be empty.
    let only_end = commands.iter().rev().take_while(|one| one.words.is_empty());
    let kept = commands.len() - only_end.count();
    commands.truncate(kept);
    if let Some(last) = commands.last_mut().filter(|last| last.then == ";") {
        last.then = String::new();
    }
    commands.retain(|command| !command.words.is_empty());
    // `sh -c` inside of a script counts as what it runs.
    commands
        .into_iter()
        .flat_map(|command| {
            let Some(inner) = script_of(command.bare()).map(|script| commands_of(&script)) else {
                return vec![command];
            };
            let mut inner = inner;
            if let Some(last) = inner.last_mut() {
                last.then = command.then;
            }
            inner
        })
        .collect()
}

/// With what a list of commands can end.
fn ends(commands: &[Simple], text: &str) -> Ends {
    let stops_at_errors = text.contains("set -e") || text.contains("errexit");
    let fails_in_pipes = text.contains("pipefail");
    let mut sequences: Vec<&[Simple]> = commands
        .split_inclusive(|command| command.then == ";")
        .collect();
    let Some(last) = sequences.pop() else {
        return Ends::Either;
    };
    let leaves = |command: &Simple| command.bare().first().is_some_and(|word| word == "exit");
    if stops_at_errors || sequences.iter().copied().flatten().any(leaves) {
        return Ends::Either;
    }
    let mut so_far: Option<Ends> = None;
    let mut join = "";
    for pipe in last.split_inclusive(|command| command.then != "|") {
        let Some(end) = pipe.last() else { continue };
        let this = match end.ends(pipe.len() > 1) {
            _ if end.then == "&" => Ends::Zero("&".to_owned()),
            Ends::Zero(_) if fails_in_pipes && pipe.len() > 1 => Ends::Either,
            this => this,
        };
        so_far = Some(match (so_far, join) {
            (None, _) => this,
            (Some(Ends::Zero(_)), "&&") => this,
            (Some(before), "&&") => match this {
                Ends::Error => Ends::Error,
                _ => before,
            },
            (Some(zero @ Ends::Zero(_)), _) => zero,
            (Some(before), _) => match this {
                Ends::Zero(because) => Ends::Zero(format!("|| {because}")),
                Ends::Error => before,
                Ends::Either => Ends::Either,
            },
        });
        join = &end.then;
    }
    so_far.unwrap_or(Ends::Either)
}

/// Whether an option of curl makes it fail on errors: `-f`, also among others as in `-fsS`, or `--fail`.
fn fails(word: &str) -> bool {
    if let Some(long) = word.strip_prefix("--") {
        return matches!(long, "fail" | "fail-with-body");
    }
    let Some(letters) = word.strip_prefix('-') else {
        return false;
    };
    // The rest of the word belongs to an option that takes a value.
    let takes_value = |letter: char| "owHXmudAbceFTxUEKQrtyYzC".contains(letter);
    letters
        .chars()
        .take_while(|letter| !takes_value(*letter))
        .any(|letter| letter == 'f')
}

/// Whether a word makes curl end with an error where the server answers with one, or may: options in a file of its own are not
/// seen here, and only HTTP has answers that are errors.
fn tells(word: &str) -> bool {
    let other_schemes = ["telnet://", "tcp://", "ftp://", "file://"];
    fails(word)
        || matches!(word, "-K" | "--config")
        || other_schemes.iter().any(|scheme| word.starts_with(scheme))
}

/// An HTTP address in a probe, of this container or another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Host name, as it stands there.
    pub host: String,
    /// Its port, or that of the scheme.
    pub port: u16,
    /// The path without query.
    pub path: String,
}

/// The HTTP addresses in a text. Without a scheme, as curl takes them too, only those of this container itself.
pub fn addresses(text: &str) -> Vec<Address> {
    let ends = |letter: char| {
        letter.is_whitespace() || matches!(letter, '"' | '\'' | '`' | '(' | ')' | ';' | '|' | '&')
    };
    text.split(ends).filter_map(address).collect()
}

/// An address whose host or port only the shell knows is none.
fn address(word: &str) -> Option<Address> {
    let (standard, rest) = match (word.strip_prefix("http://"), word.strip_prefix("https://")) {
        (Some(rest), _) => (80, rest),
        (_, Some(rest)) => (443, rest),
        (None, None) => (80, word),
    };
    let has_scheme = rest.len() < word.len();
    let (authority, path) = match rest.find('/') {
        Some(start) => rest.split_at(start),
        None => (rest, "/"),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, standard),
    };
    let path = path.split(['?', '#']).next().unwrap_or("/");
    let stands_alone = is_this_container(host) && word.contains([':', '/']);
    let counts = (has_scheme || stands_alone) && !host.is_empty() && !host.contains('$');
    counts.then(|| Address {
        host: host.to_owned(),
        port,
        path: path.to_owned(),
    })
}

/// Whether a host name is that of the container itself everywhere.
pub fn is_this_container(host: &str) -> bool {
    matches!(host, "localhost" | "0.0.0.0" | "[::1]" | "ip6-localhost") || host.starts_with("127.")
}

/// The words of a probe and of all scripts in it, without the signs between them; `&&` and `||` are words.
pub fn words(text: &str) -> Vec<&str> {
    let ends = |letter: char| letter.is_whitespace() || "\"'`()$;<>,".contains(letter);
    text.split(ends).filter(|word| !word.is_empty()).collect()
}

/// The last part of a path.
pub fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Probe {
        Probe::new(&["CMD-SHELL".to_owned(), script.to_owned()]).expect("a probe")
    }

    fn plain(words: &[&str]) -> Probe {
        let words = std::iter::once("CMD").chain(words.iter().copied());
        Probe::new(&words.map(str::to_owned).collect::<Vec<_>>()).expect("a probe")
    }

    #[test]
    fn what_can_fail_is_left_alone() {
        for script in [
            "curl -f http://localhost:9091/healthz",
            "curl -fsS http://localhost:9091/healthz || exit 1",
            "curl -sSf http://x || false",
            "curl --fail-with-body -o /dev/null http://x",
            "curl -s http://x | grep -q OK",
            "[ \"$(curl -s -o /dev/null -w '%{http_code}' http://x)\" = 200 ]",
            "test $(redis-cli ping) = PONG",
            "redis-cli ping | grep PONG",
            "set -o pipefail; curl -f http://x | tee /tmp/last",
            "curl -f http://x; exit $?",
            "curl -f http://x || exit 1; echo ok",
            "cat /tmp/healthy",
            "if curl -f http://x; then true; else exit 1; fi",
            "pg_isready -U shop && psql -U shop -c 'select 1'",
            "sh -c 'curl -f http://x'",
            "! grep -q failed /tmp/state",
            "etcdctl endpoint health",
            "bash -c ':> /dev/tcp/127.0.0.1/6333' || exit 1",
            "bash -c ': &> /dev/null < /dev/tcp/127.0.0.1/6333 || exit 1'",
            "curl -s -o /tmp/said http://x; grep OK /tmp/said",
            "(curl -f http://x) || exit 1",
        ] {
            assert_eq!(shell(script).cannot_fail(), None, "{script}");
        }
        assert_eq!(plain(&["curl", "-f", "http://x"]).cannot_fail(), None);
        assert_eq!(plain(&["mc", "ready", "local"]).cannot_fail(), None);
    }

    #[test]
    fn what_always_ends_with_0_is_told() {
        for script in [
            "curl -f http://x || true",
            "curl -f http://x || :",
            "curl -f http://x || exit 0",
            "curl -f http://x || echo failed",
            "curl -f http://x; exit 0",
            "curl -f http://x; echo checked",
            "curl -f http://x | cat",
            "curl -f http://x &",
            "exit 0",
            "true",
            "echo ok",
            "redis-cli --version",
            "sh -c 'curl -f http://x || true'",
            "bash -c ': > /dev/tcp/127.0.0.1/6333 || true'",
        ] {
            let said = shell(script).cannot_fail().unwrap_or_default();
            assert!(said.contains("exit code 0"), "{script}: {said}");
        }
        assert!(plain(&["true"]).cannot_fail().is_some());
        assert!(plain(&["sh", "-c", "exit 0"]).cannot_fail().is_some());
        assert!(plain(&["etcdctl", "version"]).cannot_fail().is_some());
    }

    #[test]
    fn curl_that_takes_every_answer_is_told() {
        for script in [
            "curl http://x",
            "curl -s http://x || exit 1",
            "curl -sS -o f http://x",
            "curl -of http://x",
            "timeout 5 curl http://x",
            "(curl -s http://x) || exit 1",
            "if curl -s http://x; then exit 0; else exit 1; fi",
        ] {
            let said = shell(script).cannot_fail().unwrap_or_default();
            assert!(said.contains("without `-f`"), "{script}: {said}");
        }
        let python = plain(&["python3", "-c", "import requests; requests.get('http://x')"]);
        assert!(python.cannot_fail().is_some());
        // In `sh` the `&` of `&>` ends a command, which goes on in the background.
        assert!(
            shell("curl -f http://x &> /dev/null || exit 1")
                .cannot_fail()
                .is_some()
        );
    }

    #[test]
    fn python_that_catches_the_error_is_told() {
        let script = |end: &str| {
            let script = format!(
                "import urllib.request as r\ntry: r.urlopen('http://x')\nexcept OSError: {end}"
            );
            plain(&["python", "-c", &script]).cannot_fail()
        };
        assert!(script("print('down')").is_some_and(|said| said.contains("catches")));
        assert_eq!(script("exit(1)"), None);
    }

    #[test]
    fn a_program_is_needed_where_nothing_can_take_its_place() {
        let curl = |name: &str| name == "curl";
        for script in [
            "curl -f http://x",
            "curl -f http://x || exit 1",
            "A=1 timeout 5 /usr/bin/curl -f http://x",
            "test \"$(curl -s http://x)\" = OK",
            "sh -c \"curl -f http://x\"",
            "curl -f http://x; exit $?",
            "curl -s http://x | grep OK",
        ] {
            assert_eq!(
                shell(script).needs(curl).as_deref(),
                Some("curl"),
                "{script}"
            );
        }
        for script in [
            "wget -q http://x",
            "curl -f http://x || wget -q http://x",
            "command -v curl && curl -f http://x || wget -q http://x",
            "if command -v curl; then curl -f http://x; else wget http://x; fi",
            "echo curl",
            "curl -f http://x; wget -q http://x",
        ] {
            assert_eq!(shell(script).needs(curl), None, "{script}");
        }
    }

    #[test]
    fn words_for_a_shell_are_told_where_there_is_none() {
        let said = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            mistaken(&words)
        };
        assert!(said(&["CMD", "curl", "-f", "http://x", "||", "exit", "1"]).is_some());
        assert!(said(&["CMD", "redis-cli", "-a", "$REDIS_PASSWORD", "ping"]).is_some());
        assert!(said(&["CMD", "pg_isready", "-U", "${POSTGRES_USER}"]).is_some());
        assert!(said(&["CMD", "ETCDCTL_API=3", "etcdctl", "get", "a"]).is_some());
        assert!(said(&["CMD", "etcdctl", "endpoint health"]).is_some());
        assert!(said(&["CMD", "curl", "-f http://x"]).is_some());
        assert_eq!(said(&["CMD", "psql", "-U", "shop", "-c SELECT 1"]), None);
        assert_eq!(
            said(&["CMD", "curl", "-f", "-H", "Accept: a", "http://x"]),
            None
        );
        assert_eq!(
            said(&["CMD", "sh", "-c", "redis-cli -a $P ping || exit 1"]),
            None
        );
        assert_eq!(said(&["CMD", "python", "-c", "print('$a' | 1)"]), None);
        assert_eq!(said(&["CMD", "mc", "ready", "local"]), None);
    }

    #[test]
    fn a_script_of_ones_own_is_not_taken_for_a_known_program() {
        assert_eq!(plain(&["/probe.sh"]).own_program(), Some("/probe.sh"));
        assert_eq!(
            plain(&["python", "/srv/probe.py"]).own_program(),
            Some("/srv/probe.py")
        );
        assert_eq!(
            plain(&["/usr/bin/curl", "-f", "http://x"]).own_program(),
            None
        );
        assert_eq!(
            plain(&["python", "-c", "import urllib.request"]).own_program(),
            None
        );
        assert_eq!(shell("</dev/tcp/127.0.0.1/9091").own_program(), None);
    }

    #[test]
    fn addresses_are_found_in_any_form_of_a_probe() {
        let found = |text: &str| {
            let parts = |address: Address| (address.host, address.port, address.path);
            addresses(text).into_iter().map(parts).collect::<Vec<_>>()
        };
        let here = |port: u16, path: &str| ("localhost".to_owned(), port, path.to_owned());
        assert_eq!(
            found("http://localhost:9091/healthz"),
            [here(9091, "/healthz")]
        );
        assert_eq!(
            found("curl -fsS 'http://localhost:9091/healthz?x=1' || exit 1"),
            [here(9091, "/healthz")]
        );
        assert_eq!(
            found(
                "import urllib.request as u; u.urlopen('http://localhost:8000/health', timeout=2)"
            ),
            [here(8000, "/health")]
        );
        assert_eq!(found("http://localhost"), [here(80, "/")]);
        assert_eq!(found("curl localhost:80/ok"), [here(80, "/ok")]);
        assert_eq!(found("http://$(hostname):8000/health http://x:$PORT/"), []);
        assert_eq!(found("HTTPConnection('localhost', 8000)"), []);
        assert_eq!(found("etcdctl endpoint health"), []);
    }
}
