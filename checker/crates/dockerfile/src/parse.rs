//! From text to instructions.

use compose::units;
use compose::{Finding, SourceId, Span, suggest};

use crate::expand::{Known, expand};
use crate::instruction::{Command, Copied, Flag, Form, Heredoc, Instruction, Kind, Variable};
use crate::lines::{Line, Lines};
use crate::mount;
use crate::script;
use crate::word::Word;
use crate::words::{List, Part};

/// What an instruction is called, and which flags it takes.
struct Grammar {
    keyword: &'static str,
    flags: &'static [(&'static str, Takes)],
}

/// What follows a flag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Nothing, `=true` or `=false`.
    YesOrNo,
    /// A value; the flag may stand once.
    Value,
    /// A value; the flag may stand several times.
    Values,
}

use Takes::{Value, Values, YesOrNo};

/// All instructions.
const KNOWN: [Grammar; 18] = [
    known(
        "ADD",
        &[
            ("chown", Value),
            ("chmod", Value),
            ("link", YesOrNo),
            ("keep-git-dir", YesOrNo),
            ("checksum", Value),
            ("unpack", YesOrNo),
            ("exclude", Values),
        ],
    ),
    known("ARG", &[]),
    known("CMD", &[]),
    known(
        "COPY",
        &[
            ("chown", Value),
            ("from", Value),
            ("chmod", Value),
            ("link", YesOrNo),
            ("parents", YesOrNo),
            ("exclude", Values),
        ],
    ),
    known("ENTRYPOINT", &[]),
    known("ENV", &[]),
    known("EXPOSE", &[]),
    known("FROM", &[("platform", Value)]),
    known(
        "HEALTHCHECK",
        &[
            ("interval", Value),
            ("timeout", Value),
            ("start-period", Value),
            ("start-interval", Value),
            ("retries", Value),
        ],
    ),
    known("LABEL", &[]),
    known("MAINTAINER", &[]),
    known("ONBUILD", &[]),
    known(
        "RUN",
        &[
            ("mount", Values),
            ("network", Value),
            ("security", Value),
            ("device", Values),
        ],
    ),
    known("SHELL", &[]),
    known("STOPSIGNAL", &[]),
    known("USER", &[]),
    known("VOLUME", &[]),
    known("WORKDIR", &[]),
];

const fn known(keyword: &'static str, flags: &'static [(&'static str, Takes)]) -> Grammar {
    Grammar { keyword, flags }
}

/// Instructions and what is wrong with those that are none.
#[derive(Default)]
pub(crate) struct Parsed {
    pub instructions: Vec<Instruction>,
    pub findings: Vec<Finding>,
    pub escape: char,
    pub syntax: Option<Word>,
}

/// Reads a text. One mistake an instruction is told, and all instructions are read.
pub(crate) fn parse(text: &str, source: SourceId, start: usize) -> Parsed {
    let mut lines = Lines::new(text, source, start);
    let mut parsed = Parsed::default();
    let mut has_stage = false;
    let mut is_empty = true;
    while let Some(line) = lines.next() {
        is_empty = false;
        let line = match line {
            Ok(line) => line,
            Err(finding) => {
                parsed.findings.push(finding);
                continue;
            }
        };
        let (instruction, heredocs_end) = match instruction(&line, &mut lines) {
            Ok(read) => read,
            Err(finding) => {
                // What could not be read may have been the first stage.
                has_stage |= Part::whole(&line)
                    .split_first()
                    .0
                    .text()
                    .eq_ignore_ascii_case("from");
                parsed.findings.push(*finding);
                continue;
            }
        };
        let instruction = Instruction {
            span: Span {
                end: instruction.span.end.max(heredocs_end),
                ..instruction.span
            },
            ..instruction
        };
        has_stage |= matches!(instruction.kind, Kind::From { .. });
        if !has_stage && !matches!(instruction.kind, Kind::Arg(_)) {
            parsed.findings.push(before_any_stage(&instruction));
            // Once is enough.
            has_stage = true;
        }
        parsed.instructions.push(instruction);
    }
    parsed.escape = lines.escape;
    parsed.syntax = lines.syntax;
    if is_empty {
        let span = Span {
            source,
            start: 0,
            end: 0,
        };
        parsed.findings.push(
            Finding::error(
                "no-instructions",
                "The Dockerfile has no instructions.",
                span,
            )
            .label("nothing is here but comments and blank lines")
            .help("begin with `FROM` and an image"),
        );
    } else if !has_stage && parsed.findings.is_empty() {
        let last = parsed.instructions.last().map(|last| last.keyword.span);
        parsed.findings.push(
            Finding::error("no-stage", "The Dockerfile has no `FROM`.", last)
                .label("there is nothing to build behind this")
                .help("name the image to start from: `FROM debian:bookworm-slim`"),
        );
    }
    parsed
}

fn before_any_stage(instruction: &Instruction) -> Finding {
    let keyword = &instruction.keyword;
    let message = format!("`{}` stands before the first `FROM`.", keyword.text);
    Finding::error("before-from", message, keyword.span)
        .label("no stage has begun yet")
        .expected("`FROM` first; only `ARG` may stand before it")
        .help("move it below `FROM`")
}

/// Mistakes that are refused wherever they stand.
const TAKING_APART: [&str; 3] = ["not-texts", "missing-value", "missing-equals"];

/// What the directives at the head of the file say.
#[derive(Clone, Copy)]
struct Syntax {
    escape: char,
    /// Another frontend than the one that BuildKit brings along may know more flags.
    is_foreign: bool,
}

type Read<T> = Result<T, Box<Finding>>;

fn refuse<T>(code: &'static str, message: String, span: Span, label: &str, help: &str) -> Read<T> {
    let finding = Finding::error(code, message, span).label(label).help(help);
    Err(Box::new(finding))
}

/// One instruction, and where its here-documents end.
fn instruction(line: &Line, lines: &mut Lines<'_>) -> Read<(Instruction, u32)> {
    let whole = Part::whole(line);
    let syntax = Syntax {
        escape: lines.escape,
        is_foreign: lines.syntax.is_some(),
    };
    let mut instruction = split(&whole, syntax)?;
    let mut end = 0;
    if holds_heredocs(&instruction) && line.text.contains("<<") {
        let begun = heredocs(&whole);
        let mut read = Vec::new();
        for (name, expands, strips_tabs) in begun {
            let Some(range) = lines.up_to(&name, strips_tabs) else {
                return refuse(
                    "heredoc-not-ended",
                    format!("The here-document `<<{name}` does not end."),
                    instruction.keyword.span,
                    "begins in this instruction",
                    &format!("end it with a line that is `{name}` and nothing else"),
                );
            };
            end = lines.read() as u32;
            read.push(Heredoc {
                content: lines.word(range),
                name,
                expands,
                strips_tabs,
            });
        }
        give(&mut instruction, read);
    }
    Ok((instruction, end))
}

/// Whether `<<` means a here-document in it.
fn holds_heredocs(instruction: &Instruction) -> bool {
    match &instruction.kind {
        Kind::Onbuild(inner) => inner.as_deref().is_some_and(holds_heredocs),
        Kind::Run(command) => matches!(command.form, Form::Shell(_)),
        Kind::Copy(_) | Kind::Add(_) => true,
        _ => false,
    }
}

/// Names of here-documents that begin on a line, whether variables in them are replaced, and whether tabs are stripped.
fn heredocs(line: &Part<'_>) -> Vec<(String, bool, bool)> {
    // Where the line cannot be taken apart, BuildKit sees none.
    if expand(line.text(), '\\', &|_| Known::Open).is_err() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut words = line.quoted_words('\\').into_iter().peekable();
    while let Some(word) = words.next() {
        let text = word
            .text()
            .trim_start_matches(|digit: char| digit.is_ascii_digit());
        let Some(rest) = text.strip_prefix("<<") else {
            continue;
        };
        let (strips_tabs, rest) = match rest.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let name = match rest {
            // `<< NAME`
            "" => match words.next() {
                Some(next) => next.text(),
                None => continue,
            },
            rest => rest,
        };
        if name.contains('<') {
            continue;
        }
        let Ok(plain) = expand(name, '\\', &|_| Known::Open) else {
            continue;
        };
        if plain.text.is_empty() {
            continue;
        }
        found.push((plain.text, !name.contains(['\'', '"']), strips_tabs));
    }
    found
}

/// Puts here-documents where they belong.
fn give(instruction: &mut Instruction, heredocs: Vec<Heredoc>) {
    match &mut instruction.kind {
        Kind::Onbuild(Some(inner)) => give(inner, heredocs),
        Kind::Run(command) => {
            let more = steps_of_heredocs(command, &heredocs);
            command.steps.extend(more);
            command.heredocs = heredocs;
        }
        Kind::Copy(copied) | Kind::Add(copied) => {
            copied
                .sources
                .retain(|source| !source.text.starts_with("<<"));
            copied.heredocs = heredocs;
        }
        _ => {}
    }
}

/// The commands in here-documents that a shell runs: `RUN <<EOF`, and `RUN bash <<EOF`.
fn steps_of_heredocs(command: &Command, heredocs: &[Heredoc]) -> Vec<script::Step> {
    let [heredoc] = heredocs else {
        return Vec::new();
    };
    let is_script = match command.steps.as_slice() {
        [] => !heredoc.content.text.starts_with("#!") || runs_shell(&heredoc.content.text),
        [only] => only.program().is_some_and(script::is_shell),
        _ => false,
    };
    if !is_script {
        return Vec::new();
    }
    let start = heredoc.content.span.start;
    let place = |range: std::ops::Range<usize>| Span {
        source: heredoc.content.span.source,
        start: start + range.start as u32,
        end: start + range.end as u32,
    };
    script::steps(&heredoc.content.text, &place)
}

/// Whether the first line, `#!/bin/sh`, names a shell.
fn runs_shell(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first
        .trim_start_matches("#!")
        .split_whitespace()
        .any(script::is_shell)
}

/// Keyword, flags and arguments of a line, or of what follows `ONBUILD`.
fn split(whole: &Part<'_>, syntax: Syntax) -> Read<Instruction> {
    let (keyword, rest) = whole.split_first();
    let name = keyword.text().to_ascii_uppercase();
    let Some(known) = KNOWN.iter().find(|known| known.keyword == name) else {
        return Err(Box::new(unknown(&keyword)));
    };
    let (flags, arguments) = match rest {
        Some(rest) => rest.flags(),
        None => (
            Vec::new(),
            Part {
                line: whole.line,
                range: whole.range.end..whole.range.end,
            },
        ),
    };
    let context = Context {
        known,
        keyword: keyword.word().span,
        flags: &flags,
        syntax,
    };
    // `HEALTHCHECK NONE` takes no notice of flags.
    let is_none = name == "HEALTHCHECK" && arguments.text().eq_ignore_ascii_case("none");
    if !is_none {
        context.check_flags()?;
    }
    let kind = context.arguments(&arguments)?;
    Ok(Instruction {
        span: whole.word().span,
        keyword: Word {
            text: name,
            span: keyword.word().span,
        },
        flags,
        kind,
    })
}

fn unknown(keyword: &Part<'_>) -> Finding {
    let names = KNOWN.iter().map(|known| known.keyword);
    let finding = Finding::error(
        "unknown-instruction",
        format!("`{}` is no instruction.", keyword.text()),
        keyword.word().span,
    )
    .label("no instruction is called so");
    match suggest::nearest(keyword.text(), names) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding.help("a line that goes on has to end with a backslash on the line before; a comment begins with `#`"),
    }
}

/// What the arguments of one instruction are read with.
struct Context<'a> {
    known: &'a Grammar,
    keyword: Span,
    flags: &'a [Flag],
    syntax: Syntax,
}

impl Context<'_> {
    fn check_flags(&self) -> Read<()> {
        let name = self.known.keyword;
        for (at, flag) in self.flags.iter().enumerate() {
            let Some((_, takes)) = self.known.flags.iter().find(|(name, _)| *name == flag.name)
            else {
                if self.syntax.is_foreign {
                    continue;
                }
                let message = format!("`{name}` has no flag `--{}`.", flag.name);
                let names: Vec<_> = self.known.flags.iter().map(|(name, _)| *name).collect();
                let help = match suggest::nearest(&flag.name, names.iter().copied()) {
                    Some(near) => format!("did you mean `--{near}`?"),
                    None if names.is_empty() => format!("`{name}` takes no flags"),
                    None => format!("it takes --{}", names.join(", --")),
                };
                return refuse("unknown-flag", message, flag.span, "not known here", &help);
            };
            let is_repeated = self.flags[..at].iter().any(|other| other.name == flag.name);
            if is_repeated && *takes != Values {
                let message = format!("The flag `--{}` is given twice.", flag.name);
                return refuse(
                    "flag-twice",
                    message,
                    flag.span,
                    "a second time",
                    "keep one of them",
                );
            }
            let value = flag.value.as_deref();
            let is_right = match takes {
                YesOrNo => value
                    .is_none_or(|value| ["true", "false"].contains(&value.to_lowercase().as_str())),
                Value | Values => value.is_some(),
            };
            if !is_right {
                let message = format!("The flag `--{}` has no right value.", flag.name);
                let help = match takes {
                    YesOrNo => format!("write `--{}` alone", flag.name),
                    Value | Values => format!("write it with its value: `--{}=…`", flag.name),
                };
                return refuse(
                    "flag-value",
                    message,
                    flag.span,
                    "this value is not taken",
                    &help,
                );
            }
            self.check_value(flag)?;
        }
        Ok(())
    }

    /// Flags that take no other values than a few.
    fn check_value(&self, flag: &Flag) -> Read<()> {
        let value = flag.value.as_deref().unwrap_or_default();
        let wrong = match flag.name.as_str() {
            "mount" => mount::read(flag).err(),
            "network" if !["default", "none", "host"].contains(&value) => {
                Some(format!("there is no network mode `{value}` in a build"))
            }
            _ => None,
        };
        match wrong {
            None => Ok(()),
            Some(reason) => refuse(
                "flag-value",
                format!("`--{}` is not right: {reason}.", flag.name),
                flag.span,
                "this value is not taken",
                match flag.name.as_str() {
                    "network" => "write `default`, `none` or `host`",
                    _ => "write it as `--mount=type=cache,target=/root/.cache/pip`",
                },
            ),
        }
    }

    fn arguments(&self, arguments: &Part<'_>) -> Read<Kind> {
        Ok(match self.known.keyword {
            "ADD" => Kind::Add(self.copied(arguments)?),
            "COPY" => Kind::Copy(self.copied(arguments)?),
            "ARG" => Kind::Arg(self.build_arguments(arguments)?),
            "ENV" => Kind::Env(self.variables(arguments)?),
            "LABEL" => Kind::Label(self.variables(arguments)?),
            "CMD" => Kind::Cmd(self.command(arguments)?),
            "ENTRYPOINT" => Kind::Entrypoint(self.command(arguments)?),
            "RUN" => Kind::Run(self.command(arguments)?),
            "SHELL" => Kind::Shell(self.shell(arguments)?),
            "EXPOSE" => Kind::Expose(self.some(arguments.blank_separated(), "a port")?),
            "VOLUME" => Kind::Volume(self.volumes(arguments)?),
            "FROM" => self.from(arguments)?,
            "HEALTHCHECK" => self.healthcheck(arguments)?,
            "ONBUILD" => self.onbuild(arguments)?,
            "USER" => Kind::User(self.one(arguments, "a user")?),
            "WORKDIR" => Kind::Workdir(self.one(arguments, "a folder")?),
            "STOPSIGNAL" => Kind::Stopsignal(self.one(arguments, "a signal")?),
            _ => Kind::Maintainer(self.one(arguments, "a name")?),
        })
    }

    fn missing<T>(&self, what: &str) -> Read<T> {
        let name = self.known.keyword;
        refuse(
            "missing-argument",
            format!("`{name}` says nothing."),
            self.keyword,
            &format!("{what} has to follow"),
            &format!("write {what} behind `{name}`, or remove the line"),
        )
    }

    fn one(&self, arguments: &Part<'_>, what: &str) -> Read<Word> {
        if arguments.is_empty() {
            return self.missing(what);
        }
        Ok(arguments.word())
    }

    fn some(&self, words: Vec<Word>, what: &str) -> Read<Vec<Word>> {
        if words.is_empty() {
            return self.missing(what);
        }
        Ok(words)
    }

    /// Words of a list, or words between blanks.
    fn list_or_words(&self, arguments: &Part<'_>) -> Read<Vec<Word>> {
        match arguments.list() {
            List::Words(words) => Ok(words),
            List::NotTexts => self.not_texts(arguments),
            List::None => Ok(arguments.blank_separated()),
        }
    }

    fn not_texts<T>(&self, arguments: &Part<'_>) -> Read<T> {
        refuse(
            "not-texts",
            "A list may hold nothing but texts.".to_owned(),
            arguments.word().span,
            "one of these is no text",
            "put each entry into double quotes",
        )
    }

    fn volumes(&self, arguments: &Part<'_>) -> Read<Vec<Word>> {
        let words = self.some(self.list_or_words(arguments)?, "a path")?;
        match words.iter().find(|word| word.text.trim().is_empty()) {
            None => Ok(words),
            Some(empty) => refuse(
                "empty-path",
                "A volume has no path.".to_owned(),
                empty.span,
                "empty",
                "write the folder that is to be a volume",
            ),
        }
    }

    fn copied(&self, arguments: &Part<'_>) -> Read<Copied> {
        let mut words = self.list_or_words(arguments)?;
        let name = self.known.keyword;
        let (Some(destination), false) = (words.pop(), words.is_empty()) else {
            return refuse(
                "missing-argument",
                format!("`{name}` needs at least two paths."),
                self.keyword,
                "what is copied, and where to",
                &format!("write `{name} FROM-HERE TO-THERE`"),
            );
        };
        let begins_heredoc = |word: &Word| {
            let name = word.text.strip_prefix("<<");
            name.is_some_and(|name| !name.is_empty() && !name.contains('<'))
        };
        if begins_heredoc(&destination) {
            return refuse(
                "heredoc-as-destination",
                format!("`{name}` cannot copy to a here-document."),
                destination.span,
                "the last argument is where to",
                "write the path of the new file behind it",
            );
        }
        Ok(Copied {
            sources: words,
            heredocs: Vec::new(),
            destination,
        })
    }

    /// `NAME=value …`, or the old `NAME value`.
    fn variables(&self, arguments: &Part<'_>) -> Read<Vec<Variable>> {
        let words = arguments.quoted_words(self.syntax.escape);
        let Some(first) = words.first() else {
            return self.missing("a name with its value");
        };
        if !first.text().contains('=') {
            let (name, value) = arguments.split_first();
            let Some(value) = value else {
                return refuse(
                    "missing-value",
                    format!("`{}` has a name and no value.", self.known.keyword),
                    first.word().span,
                    "no value follows",
                    &format!("write `{}=…`", first.text()),
                );
            };
            return Ok(vec![Variable {
                name: name.word(),
                value: Some(value.word()),
            }]);
        }
        words.iter().map(|word| self.variable(word)).collect()
    }

    fn variable(&self, word: &Part<'_>) -> Read<Variable> {
        match word.split_at_equals() {
            Some((name, _)) if name.is_empty() => self.nameless(word),
            Some((name, value)) => Ok(Variable {
                name: name.word(),
                value: Some(value.word()),
            }),
            None => refuse(
                "missing-equals",
                format!("`{}` has no `=`.", word.text()),
                word.word().span,
                "no name with a value",
                "write `NAME=value`; put a value with blanks into double quotes",
            ),
        }
    }

    fn nameless<T>(&self, word: &Part<'_>) -> Read<T> {
        refuse(
            "missing-name",
            "A name is missing before `=`.".to_owned(),
            word.word().span,
            "no name",
            "write `NAME=value`, without blanks around `=`",
        )
    }

    /// `NAME`, `NAME=default`, several of them.
    fn build_arguments(&self, arguments: &Part<'_>) -> Read<Vec<Variable>> {
        let words = arguments.quoted_words(self.syntax.escape);
        if words.is_empty() {
            return self.missing("a name");
        }
        let argument = |word: &Part<'_>| {
            if word.text().contains('=') {
                self.variable(word)
            } else {
                Ok(Variable {
                    name: word.word(),
                    value: None,
                })
            }
        };
        words.iter().map(argument).collect()
    }

    fn command(&self, arguments: &Part<'_>) -> Read<Command> {
        let form = match arguments.list() {
            List::Words(words) => Form::Exec(words),
            List::NotTexts => return self.not_texts(arguments),
            List::None => Form::Shell(arguments.word()),
        };
        let steps = match &form {
            Form::Shell(word) => {
                let start = arguments.range.start;
                let place = |range: std::ops::Range<usize>| {
                    arguments.line.span(start + range.start..start + range.end)
                };
                script::steps(&word.text, &place)
            }
            Form::Exec(words) => steps_of_list(words),
        };
        Ok(Command {
            form,
            heredocs: Vec::new(),
            steps,
        })
    }

    fn shell(&self, arguments: &Part<'_>) -> Read<Vec<Word>> {
        match arguments.list() {
            List::Words(words) => self.some(words, "a list of words"),
            List::NotTexts => self.not_texts(arguments),
            List::None if arguments.is_empty() => self.missing("a list of words"),
            List::None => refuse(
                "not-a-list",
                "`SHELL` needs a list.".to_owned(),
                arguments.word().span,
                "no list",
                "write `SHELL [\"/bin/bash\", \"-c\"]`, with double quotes",
            ),
        }
    }

    fn from(&self, arguments: &Part<'_>) -> Read<Kind> {
        let words = arguments.blank_separated();
        let (image, name) = match words.as_slice() {
            [] => return self.missing("an image"),
            [image] => (image, None),
            [image, between, name] if between.text.eq_ignore_ascii_case("as") => {
                (image, Some(name))
            }
            [_, second, ..] => {
                return refuse(
                    "from-arguments",
                    "`FROM` takes an image, and a name behind `AS`.".to_owned(),
                    second.span,
                    "more than that",
                    "write `FROM image` or `FROM image AS name`",
                );
            }
        };
        if let Some(name) = name
            && !is_stage_name(&name.text)
        {
            return refuse(
                "stage-name",
                format!("`{}` cannot be the name of a stage.", name.text),
                name.span,
                "not taken as a name",
                "begin with a letter, and go on with letters, digits, `-`, `_` and `.`",
            );
        }
        Ok(Kind::From {
            image: image.clone(),
            name: name.cloned(),
        })
    }

    fn healthcheck(&self, arguments: &Part<'_>) -> Read<Kind> {
        if arguments.is_empty() {
            return self.missing("`CMD` and a command, or `NONE`");
        }
        let (kind, rest) = arguments.split_first();
        match (kind.text().to_ascii_uppercase().as_str(), rest) {
            ("NONE", None) => Ok(Kind::Healthcheck(None)),
            ("NONE", Some(rest)) => refuse(
                "healthcheck-none",
                "`HEALTHCHECK NONE` takes nothing behind it.".to_owned(),
                rest.word().span,
                "not taken",
                "write `NONE` alone to have no health check, or `CMD` for a command",
            ),
            ("CMD", rest) => {
                self.check_times()?;
                let empty = Part {
                    line: arguments.line,
                    range: arguments.range.end..arguments.range.end,
                };
                let command = self.command(&rest.unwrap_or(empty))?;
                let is_empty = match &command.form {
                    Form::Shell(line) => line.text.is_empty(),
                    Form::Exec(words) => words.is_empty(),
                };
                if is_empty {
                    return refuse(
                        "missing-argument",
                        "The health check has no command.".to_owned(),
                        kind.word().span,
                        "no command follows",
                        "write the command that finds out whether the program works",
                    );
                }
                Ok(Kind::Healthcheck(Some(command)))
            }
            _ => refuse(
                "healthcheck-kind",
                format!("`HEALTHCHECK` does not know `{}`.", kind.text()),
                kind.word().span,
                "neither `CMD` nor `NONE`",
                "write `HEALTHCHECK CMD` and the command",
            ),
        }
    }

    /// Times and the number of tries are read before any variable could be put in.
    fn check_times(&self) -> Read<()> {
        for flag in self.flags {
            let value = flag.value.as_deref().unwrap_or_default();
            let is_right = match flag.name.as_str() {
                "retries" => value.is_empty() || value.parse::<i32>().is_ok_and(|times| times >= 0),
                _ if value.is_empty() => true,
                _ => {
                    units::duration(value).is_ok_and(|time| time.is_zero() || time.as_millis() >= 1)
                }
            };
            if !is_right {
                let help = match flag.name.as_str() {
                    "retries" => "write a whole number, as `3`",
                    _ => "write a time with its unit, as `30s` or `1m30s`",
                };
                let message = format!("`--{}` cannot be `{value}`.", flag.name);
                return refuse(
                    "flag-value",
                    message,
                    flag.span,
                    "this value is not taken",
                    help,
                );
            }
        }
        Ok(())
    }

    fn onbuild(&self, arguments: &Part<'_>) -> Read<Kind> {
        if arguments.is_empty() {
            return self.missing("an instruction");
        }
        let (keyword, _) = arguments.split_first();
        let name = keyword.text().to_ascii_uppercase();
        if ["ONBUILD", "MAINTAINER", "FROM"].contains(&name.as_str()) {
            return refuse(
                "onbuild",
                format!("`ONBUILD` cannot be followed by `{name}`."),
                keyword.word().span,
                "not allowed here",
                "name an instruction that the next build shall run, such as `COPY` or `RUN`",
            );
        }
        // What the next build reads, this one only takes apart.
        match split(arguments, self.syntax) {
            Ok(trigger) => Ok(Kind::Onbuild(Some(Box::new(trigger)))),
            Err(finding) if TAKING_APART.contains(&finding.code) => Err(finding),
            Err(_) => Ok(Kind::Onbuild(None)),
        }
    }
}

/// The commands of a list: of what a shell is told with `-c`, else the list itself.
fn steps_of_list(words: &[Word]) -> Vec<script::Step> {
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return Vec::new();
    };
    let told = words.iter().position(|word| {
        let letters = word.text.strip_prefix('-').unwrap_or_default();
        letters.ends_with('c') && letters.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    if let Some(text) = told.and_then(|at| words.get(at + 1))
        && script::is_shell(&first.text)
    {
        return script::steps(&text.text, &|_| text.span);
    }
    vec![script::Step {
        after: script::After::First,
        assignments: Vec::new(),
        words: words.to_vec(),
        writes: Vec::new(),
        span: Span {
            end: last.span.end,
            ..first.span
        },
    }]
}

/// A letter, then letters, digits, `-`, `_` and `.`
fn is_stage_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
