//! A running `checker serve`.

#![allow(dead_code, reason = "every test file uses its own part")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::signal;

/// A server process; ends with this value.
pub struct Served {
    process: Child,
    /// What it printed until it was ready.
    pub said: String,
    /// `127.0.0.1:PORT`
    pub host: String,
    pub token: String,
}

impl Served {
    /// Starts `checker serve` with some arguments in a folder; `DOCKER_HOST` as given, of the other variables only PATH is kept.
    pub fn start(folder: &Path, arguments: &[&str], docker_host: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
        command
            .arg("serve")
            .args(arguments)
            .env_clear()
            .env("HOME", folder)
            .current_dir(folder)
            .stdout(Stdio::piped());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(docker_host.map(|host| ("DOCKER_HOST", host)));
        let mut process = command.spawn().expect("the program runs");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let mut said = String::new();
        while !said.contains("Ctrl-C") {
            let read = output.read_line(&mut said).expect("text");
            assert!(read > 0, "it ended before it was ready: {said}");
        }
        let (_, address) = said.split_once("http://").expect("an address");
        let address = address.split_whitespace().next().expect("an address");
        let (host, token) = address.split_once("/?token=").expect("a token");
        let (host, token) = (host.to_owned(), token.to_owned());
        Self {
            process,
            said,
            host,
            token,
        }
    }

    /// In the home folder of a learner who has no workspace yet, on any free port.
    pub fn first_use(folder: &Path, docker_host: Option<&str>) -> Self {
        Self::start(folder, &["--port", "0"], docker_host)
    }

    /// The address that was printed, of another page of the book.
    pub fn address(&self, page: &str) -> String {
        format!("http://{}/{page}?token={}", self.host, self.token)
    }

    pub fn port(&self) -> u16 {
        let (_, port) = self.host.rsplit_once(':').expect("a port");
        port.parse().expect("a number")
    }

    /// As Ctrl-C does; gives the exit code, or nothing where a signal ended it.
    pub fn interrupt(&mut self) -> Option<i32> {
        assert!(signal(&self.process.id().to_string(), "INT"));
        self.process.wait().expect("its end").code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
