//! A tiny book in a temporary folder.

use book::{BrokenLink, BuildError, BuildRequest, Built, LessonPage, build, check_links};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

pub struct Fixture {
    folder: TempDir,
    summary: String,
    lessons: Vec<LessonPage>,
}

impl Fixture {
    /// A book with a preface and nothing else.
    pub fn new() -> Fixture {
        let fixture = Fixture {
            folder: TempDir::new().expect("a temporary folder"),
            summary: String::new(),
            lessons: Vec::new(),
        };
        fixture
            .file("book.toml", "[book]\ntitle = \"A tiny book\"\n")
            .chapter("README.md", "# Preface\n\nWelcome.\n")
    }

    /// Adds a chapter to `src` and to the table of contents.
    pub fn chapter(mut self, file: &str, text: &str) -> Fixture {
        self.summary.push_str(&format!("- [{file}]({file})\n"));
        let summary = self.summary.clone();
        self.file(&format!("src/{file}"), text)
            .file("src/SUMMARY.md", &summary)
    }

    /// Writes any file, relative to the folder of `book.toml`.
    pub fn file(self, path: &str, text: &str) -> Fixture {
        let path = self.folder.path().join(path);
        let folder = path.parent().expect("a path in the book");
        fs::create_dir_all(folder).expect("a folder of the book");
        fs::write(path, text).expect("a file of the book");
        self
    }

    /// Adds lesson 4, with a list of checks, a quiz and facts.
    pub fn lesson_4(self) -> Fixture {
        self.lesson(LessonPage {
            id: "lesson-4".to_owned(),
            slug: "04-stack".to_owned(),
            checklist: "- **etcd runs**: see [the preface](index.md)\n".to_owned(),
            quiz:
                "<details>\n<summary>What does etcd keep?</summary>\n\nThe schema.\n\n</details>\n"
                    .to_owned(),
            facts: [("minutes", "35"), ("goal", "a running stack")]
                .map(|(name, fact)| (name.to_owned(), fact.to_owned()))
                .into(),
        })
    }

    pub fn lesson(mut self, lesson: LessonPage) -> Fixture {
        self.lessons.push(lesson);
        self
    }

    pub fn lessons(&self) -> Vec<LessonPage> {
        self.lessons.clone()
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub fn destination(&self) -> PathBuf {
        self.folder.path().join("output")
    }

    pub fn build(&self) -> Result<Built, BuildError> {
        build(&BuildRequest {
            root: self.root(),
            destination: self.destination(),
            lessons: self.lessons.clone(),
        })
    }

    /// The part of a page that comes from its chapter.
    pub fn page(&self, name: &str) -> String {
        self.build().expect("a book");
        let page = fs::read_to_string(self.destination().join(name)).expect("the page");
        let (_, main) = page.split_once("<main>").expect("the start of the chapter");
        main.split_once("</main>")
            .expect("the end of the chapter")
            .0
            .to_owned()
    }

    /// The messages about the chapters, each as `file:line: problem / next step`.
    pub fn mistakes(&self) -> Vec<String> {
        match self.build() {
            Err(BuildError::Mistakes(mistakes)) => mistakes
                .iter()
                .map(|mistake| mistake.to_string().replace("\n  next: ", " / "))
                .collect(),
            other => panic!("expected mistakes in the chapters, got {other:?}"),
        }
    }

    pub fn broken_links(&self) -> Vec<BrokenLink> {
        self.build().expect("a book");
        check_links(&self.destination()).expect("links that can be read")
    }
}
