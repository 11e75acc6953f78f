//! What a container writes: log lines, and the output of a command.

use std::collections::VecDeque;

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::{Stream, StreamExt};

use crate::client::Engine;
use crate::failure::Failure;

/// Where output is cut, in bytes.
pub(crate) const LARGEST_OUTPUT: usize = 64 << 10;

/// Where one log line is cut, in bytes.
const LONGEST_LINE: usize = 4 << 10;

/// The newest `count` lines that the engine keeps of a container, oldest first.
pub(crate) async fn last_lines(
    engine: &Engine,
    id: &str,
    count: u32,
) -> Result<Vec<String>, Failure> {
    let options = LogsOptionsBuilder::default()
        .stdout(true)
        .stderr(true)
        .tail(&count.to_string())
        .build();
    let mut lines = Lines::new(count);
    let mut output = engine.docker().logs(id, Some(options));
    while let Some(piece) = output.next().await {
        lines.add(&piece?);
    }
    Ok(lines.finish())
}

/// Puts lines together from pieces of two streams: a long line comes in several, and the streams may alternate in between.
struct Lines {
    newest: VecDeque<String>,
    count: usize,
    unfinished: [Vec<u8>; 2],
}

impl Lines {
    fn new(count: u32) -> Self {
        Self {
            newest: VecDeque::new(),
            count: usize::try_from(count).unwrap_or(usize::MAX),
            unfinished: Default::default(),
        }
    }

    fn add(&mut self, piece: &LogOutput) {
        let stream = usize::from(matches!(piece, LogOutput::StdErr { .. }));
        for part in piece.as_ref().split_inclusive(|byte| *byte == b'\n') {
            let Some(line) = self.unfinished.get_mut(stream) else {
                return;
            };
            let (text, is_finished) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            let room = LONGEST_LINE.saturating_sub(line.len());
            line.extend(text.iter().take(room));
            if is_finished {
                let line = std::mem::take(line);
                self.push(&line);
            }
        }
    }

    fn push(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.newest
            .push_back(String::from_utf8_lossy(line).into_owned());
        if self.newest.len() > self.count {
            self.newest.pop_front();
        }
    }

    fn finish(mut self) -> Vec<String> {
        for line in std::mem::take(&mut self.unfinished) {
            if !line.is_empty() {
                self.push(&line);
            }
        }
        self.newest.into()
    }
}

/// Standard output and standard error of a command, each cut at [`LARGEST_OUTPUT`].
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Output {
    /// Reads to the end, so that the command can finish, and keeps the beginning.
    pub(crate) async fn read(
        mut pieces: impl Stream<Item = Result<LogOutput, bollard::errors::Error>> + Unpin,
    ) -> Result<Self, Failure> {
        let mut output = Self::default();
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            let kept = match &piece {
                LogOutput::StdErr { .. } => &mut output.stderr,
                _ => &mut output.stdout,
            };
            let room = LARGEST_OUTPUT.saturating_sub(kept.len());
            kept.extend(piece.as_ref().iter().take(room));
        }
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(text: &str) -> LogOutput {
        LogOutput::StdOut {
            message: text.to_owned().into(),
        }
    }

    fn error(text: &str) -> LogOutput {
        LogOutput::StdErr {
            message: text.to_owned().into(),
        }
    }

    fn lines(count: u32, pieces: &[LogOutput]) -> Vec<String> {
        let mut lines = Lines::new(count);
        pieces.iter().for_each(|piece| lines.add(piece));
        lines.finish()
    }

    #[test]
    fn lines_of_two_streams_keep_their_order() {
        assert_eq!(
            lines(20, &[out("a\n"), error("b\n"), out("c\n")]),
            ["a", "b", "c"]
        );
    }

    #[test]
    fn a_line_in_pieces_is_one_line() {
        assert_eq!(
            lines(
                20,
                &[out("be"), error("warning\n"), out("gin\r\n"), out("no end")]
            ),
            ["warning", "begin", "no end"]
        );
        assert_eq!(lines(20, &[out("one\n\ntwo\n")]), ["one", "", "two"]);
    }

    #[test]
    fn the_newest_lines_are_kept() {
        assert_eq!(lines(2, &[out("1\n2\n3\n4")]), ["3", "4"]);
        assert!(lines(0, &[out("1\n")]).is_empty());
    }

    #[test]
    fn a_very_long_line_is_cut() {
        let long = "x".repeat(3 * LONGEST_LINE);
        assert_eq!(lines(1, &[out(&long), out(&long)])[0].len(), LONGEST_LINE);
    }

    #[tokio::test]
    async fn endless_output_is_read_and_cut() {
        let pieces = futures_util::stream::iter((0..100).map(|_| Ok(out(&"y".repeat(4096)))));
        let output = Output::read(pieces).await.expect("no failure");
        assert_eq!(output.stdout.len(), LARGEST_OUTPUT);
        assert!(output.stderr.is_empty());
    }
}
