//! What the README prints is what the program prints.

mod support;

use support::Learner;

#[test]
fn the_verdict_in_the_readme_is_a_real_one() {
    let readme =
        std::fs::read_to_string(support::repository().join("README.md")).expect("README.md");
    let (_, rest) = readme
        .split_once("```text\n$ checker ")
        .expect("a command and its output");
    let (printed, _) = rest.split_once("```").expect("the end of the block");
    let (command, output) = printed.split_once('\n').expect("output after the command");

    let learner = Learner::solved();
    learner.edit("ETCD_ENDPOINTS: etcd:2379", "ETCD_ENDPOINTS: etcd1:2379");
    let arguments: Vec<_> = command.split_whitespace().collect();
    let parts: Vec<_> = output.split("…\n").map(str::trim_end).collect();
    learner.checker(&arguments).exits(1).says(&parts);
}
