// Makes a form of each quiz: choose an answer, have it judged, try again. Without this script the page has the same
// questions with answers that fold open; lesson::page::quiz writes them, and everything here is read from there.
// What was chosen stays in this browser, under the lesson's id and the marks of question and answer.
"use strict";

(() => {
    /** What was chosen and judged before, in one lesson: the mark of an answer for the mark of each question. */
    class Memory {
        constructor(lesson) {
            this.key = `quiz/${lesson}`;
            this.chosen = {};
            try {
                this.chosen = JSON.parse(localStorage.getItem(this.key)) ?? {};
            } catch {
                // Storage is switched off, or holds something else: the quiz works, and forgets.
            }
        }

        set(question, answer) {
            this.chosen[question] = answer;
            this.write(() => localStorage.setItem(this.key, JSON.stringify(this.chosen)));
        }

        clear() {
            this.chosen = {};
            this.write(() => localStorage.removeItem(this.key));
        }

        write(change) {
            try {
                change();
            } catch {
                // As above.
            }
        }
    }

    function element(name, properties = {}, ...children) {
        const made = Object.assign(document.createElement(name), properties);
        made.append(...children);
        return made;
    }

    const copyOf = (nodes) => [...nodes].map((node) => node.cloneNode(true));

    /** One question. `judged` is called whenever it is answered anew. */
    class Question {
        constructor(block, memory, judged) {
            this.mark = block.dataset.question;
            this.memory = memory;
            this.judged = judged;
            this.isRight = false;

            const text = block.querySelector(":scope > p");
            const list = block.querySelector(".quiz-answers");
            this.answers = [...list.querySelectorAll(".quiz-answer")].map((folded) => ({
                mark: folded.dataset.answer,
                right: "right" in folded.dataset,
                words: copyOf(folded.querySelector("summary").childNodes),
                why: copyOf(folded.children).filter((child) => child.localName !== "summary"),
                folded,
            }));

            this.result = element("div", { className: "quiz-result" });
            this.result.setAttribute("role", "status");
            this.form = element(
                "form",
                { className: "quiz-form" },
                element(
                    "fieldset",
                    {},
                    element("legend", {}, ...copyOf(text.childNodes)),
                    ...this.answers.map((answer) => this.choice(answer)),
                ),
                element("button", { type: "submit", textContent: "Check my answer" }),
                this.result,
            );
            this.form.addEventListener("submit", (event) => {
                event.preventDefault();
                this.judge();
            });
            this.form.addEventListener("change", () => this.forgetResult());

            // The answers stay, unfolded: for paper, and to be read once the question has been tried.
            for (const { folded, right, words, why } of this.answers) {
                const unfolded = element("div", { className: "quiz-answer" }, element("div", {}, ...words), ...why);
                unfolded.toggleAttribute("data-right", right);
                folded.replaceWith(unfolded);
            }
            text.classList.add("quiz-on-paper");
            this.explained = element(
                "details",
                { className: "quiz-explained" },
                element("summary", { textContent: "All answers explained" }),
                list,
            );
            block.append(this.form, this.explained);
            this.restore();
        }

        choice({ mark, words }) {
            const input = element("input", {
                type: "radio",
                name: `answer-${this.mark}`,
                value: mark,
                required: true,
            });
            return element("label", { className: "quiz-choice" }, input, element("span", {}, ...copyOf(words)));
        }

        chosen() {
            return this.answers.find((answer) => answer.mark === this.form.querySelector(":checked")?.value);
        }

        judge() {
            const chosen = this.chosen();
            if (chosen) {
                this.memory.set(this.mark, chosen.mark);
                this.show(chosen);
                this.judged();
            }
        }

        show({ right, why }) {
            this.isRight = right;
            this.result.className = `quiz-result ${this.isRight ? "quiz-is-right" : "quiz-is-wrong"}`;
            this.result.replaceChildren(
                ...copyOf(why),
                ...(this.isRight ? [] : [element("p", { textContent: "Choose another answer and check again." })]),
            );
            this.explained.classList.remove("quiz-on-paper");
        }

        forgetResult() {
            this.result.className = "quiz-result";
            this.result.replaceChildren();
        }

        /** Shows again what was answered on an earlier visit; an answer that is no longer there is as if never given. */
        restore() {
            const mark = this.memory.chosen[this.mark];
            const input = [...this.form.querySelectorAll("input")].find((input) => input.value === mark);
            if (input) {
                input.checked = true;
                this.show(this.chosen());
            } else {
                this.explained.classList.add("quiz-on-paper");
            }
        }

        startOver() {
            this.form.reset();
            this.forgetResult();
            this.isRight = false;
            this.explained.open = false;
            this.explained.classList.add("quiz-on-paper");
        }
    }

    for (const quiz of document.querySelectorAll(".quiz")) {
        const memory = new Memory(quiz.dataset.lesson);
        const score = element("p", { className: "quiz-score" });
        const count = () => {
            const right = questions.filter((question) => question.isRight).length;
            score.textContent = `${right} of ${questions.length} answered right.`;
        };
        const questions = [...quiz.querySelectorAll(".quiz-question")].map(
            (block) => new Question(block, memory, count),
        );
        const again = element("button", { type: "button", textContent: "Start over" });
        again.addEventListener("click", () => {
            memory.clear();
            questions.forEach((question) => question.startOver());
            count();
            quiz.querySelector("input")?.focus();
        });
        score.setAttribute("role", "status");
        quiz.append(
            element(
                "div",
                { className: "quiz-end" },
                score,
                again,
                element("p", {
                    className: "quiz-note",
                    textContent: "Your answers stay in this browser. Nothing is sent anywhere.",
                }),
            ),
        );
        count();

        // Arrow keys choose among the answers; mdBook turns the page with them.
        quiz.addEventListener("keydown", (event) => {
            if (event.key.startsWith("Arrow")) {
                event.stopPropagation();
            }
        });
    }
})();
