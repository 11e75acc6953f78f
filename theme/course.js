// Shows live verdicts where `checker serve` has sent the page. In a plain folder the page has no mark, and nothing happens here.
(() => {
    "use strict";

    const mark = document.querySelector('meta[name="checker-serve"]');
    if (!mark) {
        return;
    }

    const LESSON = mark.content;
    const WORDS = { "pass": "PASS", "fail": "FAIL", "advice": "ADVICE", "not-checked": "NOT CHECKED" };
    // In milliseconds. The server says something every ten seconds.
    const SILENCE = 25_000;
    const RETRY = 1_000;
    const PATIENCE = 1_500;

    // Texts of files, containers and lessons go into the page as text, never as markup.

    function element(name, className, ...children) {
        const made = document.createElement(name);
        made.className = className;
        made.append(...children);
        return made;
    }

    // `code` between backticks, as everywhere in the verdicts.
    function words(text) {
        return text.split("`").map((part, index) => index % 2 ? element("code", "", part) : part);
    }

    function say(place, text) {
        // A live region that is filled anew is read aloud anew, also when it says the same.
        if (place.dataset.says !== text) {
            place.dataset.says = text;
            place.replaceChildren(...words(text));
        }
    }

    // The list of checks in a lesson's page.

    class Checks {
        constructor(list) {
            this.list = list;
            this.summary = element("p", "checks-summary");
            this.summary.setAttribute("role", "status");
            this.summary.setAttribute("aria-live", "polite");
            this.note = element("p", "checks-note");
            this.button = element("button", "checks-again", "Look again");
            this.button.type = "button";
            this.button.addEventListener("click", connect);
            list.prepend(element("div", "checks-status", this.summary, this.note, this.button));
            this.items = new Map();
            for (const title of list.querySelectorAll("[data-check]")) {
                this.items.set(title.dataset.check, new Check(title));
            }
            this.forget("Looking at your files and containers …");
        }

        // Nothing is known any more: no mark stays that might be wrong.
        forget(text, tone) {
            clearTimeout(this.late);
            this.items.forEach(item => item.clear());
            this.tell(text, "", tone);
        }

        tell(summary, note, tone = "open") {
            say(this.summary, summary);
            say(this.note, note);
            this.list.dataset.tone = tone;
        }

        show({ report, reasons, starting, unnoticed }) {
            clearTimeout(this.late);
            const isWhole = report.scope === "files-and-containers";
            const seen = new Set();
            let said = "";
            for (const check of report.checks) {
                const reason = reasons[check.id];
                const text = reason ? reason.text : "";
                const isSame = text !== "" && text === said;
                said = text;
                seen.add(check.id);
                this.items.get(check.id)?.show(check, isSame ? undefined : reason);
            }
            if (!isWhole) {
                // The containers are being asked; until they answer their old verdicts are grey, and soon gone.
                const others = [...this.items].filter(([id]) => !seen.has(id)).map(([, item]) => item);
                others.forEach(item => item.wait());
                this.late = setTimeout(() => {
                    others.forEach(item => item.clear());
                    this.tell(`In your files: ${counted(report.counts)}. Your containers have not answered yet …`, "");
                }, PATIENCE);
                return;
            }
            const notes = [...starting, next(report, reasons), unnoticed].filter(Boolean);
            this.tell(`${counted(report.counts)}.${verdict(report)}`, notes.map(sentence).join(" "), report.outcome);
        }
    }

    function sentence(text) {
        return /[.!?…]$/.test(text) ? text : `${text}.`;
    }

    function counted({ passed, failed, not_checked, advice }) {
        const more = [[failed, "failed"], [not_checked, "not checked"], [advice, "advice"]];
        const parts = more.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
        return [`${passed} passed`, ...parts].join(", ");
    }

    function verdict(report) {
        return report.outcome === "passed" ? ` ${report.lesson} passes.` : "";
    }

    function next(report, reasons) {
        if (report.outcome === "failed") {
            return "Save a change, and this page looks again.";
        }
        const reason = Object.values(reasons).find(reason => reason.next);
        return reason && `Next: ${reason.next}`;
    }

    class Check {
        constructor(title) {
            this.item = title.closest("li");
            this.word = element("span", "check-word");
            this.detail = element("div", "check-detail");
            title.before(this.word);
            this.item.append(this.detail);
        }

        show(check, reason) {
            delete this.item.dataset.waits;
            const shown = JSON.stringify([check, reason]);
            if (this.shown === shown) {
                return;
            }
            this.shown = shown;
            this.item.dataset.verdict = check.verdict;
            this.word.textContent = WORDS[check.verdict];
            const findings = check.findings ?? [];
            this.detail.replaceChildren(...findings.flatMap((finding, index) => described(finding, findings[index + 1])));
            if (reason) {
                const text = [reason.text, reason.next && `next: ${reason.next}`].filter(Boolean).map(sentence).join(" ");
                this.detail.append(element("p", "check-reason", ...words(text)));
            }
        }

        wait() {
            this.item.dataset.waits = "";
        }

        clear() {
            delete this.shown;
            delete this.item.dataset.verdict;
            delete this.item.dataset.waits;
            this.word.textContent = "";
            this.detail.replaceChildren();
        }
    }

    // Where, found, expected, why, next. What several findings have in common stands once, after the last of them.
    function described(finding, following) {
        const notes = ["expected", "why", "next"];
        const parts = [element("p", "finding-place", place(finding.where))];
        parts.push(...source(finding.where));
        parts.push(element("p", "finding-found", ...words(finding.found)));
        if (!following || notes.some(name => following[name] !== finding[name])) {
            const list = element("dl", "finding-notes");
            for (const name of notes) {
                list.append(element("dt", "", name), element("dd", "", ...words(finding[name])));
            }
            parts.push(list);
        }
        return parts;
    }

    function place(where) {
        const texts = {
            "file": () => `${where.path}:${where.line}:${where.column}`,
            "whole-file": () => where.path,
            "container": () => `container ${where.name}`,
            "probe": () => where.question,
        };
        return element("code", "", texts[where.kind]());
    }

    function source(where) {
        if (where.kind === "container" && where.lines?.length) {
            return [element("pre", "finding-source", where.lines.join("\n"))];
        }
        if (where.kind !== "file") {
            return [];
        }
        const letters = [...where.excerpt];
        const [start, end] = [where.column - 1, Math.max(where.end_column - 1, where.column)];
        const [before, faulty, after] = [letters.slice(0, start), letters.slice(start, end), letters.slice(end)];
        const margin = " ".repeat(String(where.line).length);
        // A tab stays a tab, so that the marks stand below what they mark.
        const indentation = before.map(letter => letter === "\t" ? letter : " ").join("");
        return [element("pre", "finding-source",
            `${where.line} | ${before.join("")}`, element("mark", "", faulty.join("")), after.join(""),
            `\n${margin} | ${indentation}`, element("span", "finding-marks", "^".repeat(Math.max(faulty.length, 1))))];
    }

    // Which lessons have passed: at every link to one in the table of contents and on the start page, whose beginning sums it up.

    function showCourse(lessons) {
        const known = lessons.filter(({ page }) => document.querySelector(`#mdbook-sidebar a[href$="${page}"]`));
        for (const { page, passed } of known) {
            for (const link of linksTo(page)) {
                link.querySelector(".lesson-passed")?.remove();
                if (passed) {
                    link.append(element("span", "lesson-passed", "passed"));
                }
            }
        }
        const title = isStart() && document.querySelector("main h1");
        if (!title || known.length === 0) {
            return;
        }
        const passed = known.filter(lesson => lesson.passed).length;
        const state = element("p", "course-state", `${passed} of ${known.length} lessons passed. `);
        const next = known.find(lesson => !lesson.passed);
        if (next) {
            const link = element("a", "", `lesson ${next.number}, ${next.title}`);
            link.href = next.page;
            state.append("Next: ", link, ".");
        }
        document.querySelector(".course-state")?.remove();
        title.after(state);
    }

    function linksTo(page) {
        const inText = isStart() ? `, main :not(.course-state) > a[href="${page}"]` : "";
        return document.querySelectorAll(`#mdbook-sidebar a[href$="${page}"]${inText}`);
    }

    function isStart() {
        return /^\/(index\.html)?$/.test(location.pathname);
    }

    // Listening. A page that nobody sees does not listen: a browser keeps only a few connections to one server.

    let events;
    let silence;
    let retry;
    const list = document.querySelector(`.checks[data-lesson="${LESSON}"]`);
    const checks = list ? new Checks(list) : undefined;

    function disconnect() {
        events?.close();
        clearTimeout(silence);
        clearTimeout(retry);
    }

    function lost() {
        disconnect();
        checks?.forget("`checker serve` has stopped: start it again, and this page goes on by itself. If it does not, open the address that " +
            "it prints.", "trouble");
        retry = setTimeout(connect, RETRY);
    }

    function heard() {
        clearTimeout(silence);
        silence = setTimeout(lost, SILENCE);
    }

    function connect() {
        disconnect();
        events = new EventSource(`/events?lesson=${encodeURIComponent(LESSON)}`);
        const on = (name, act) => events.addEventListener(name, event => {
            heard();
            act(event.data);
        });
        on("alive", () => {});
        on("course", data => showCourse(JSON.parse(data)));
        on("verdict", data => checks?.show(JSON.parse(data)));
        on("trouble", text => checks?.forget(text, "trouble"));
        events.addEventListener("error", lost);
        heard();
    }

    function connectWhileSeen() {
        if (document.visibilityState === "visible") {
            connect();
        } else {
            disconnect();
        }
    }

    document.addEventListener("visibilitychange", connectWhileSeen);
    window.addEventListener("pagehide", disconnect);
    window.addEventListener("pageshow", event => event.persisted && connectWhileSeen());
    // Whoever comes back from the terminal wants to know how things are now.
    window.addEventListener("focus", connectWhileSeen);
    connectWhileSeen();
})();
