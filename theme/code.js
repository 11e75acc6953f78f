// Blocks of code: one that scrolls (a table too) can be scrolled with the keyboard, and copying what stands at a prompt copies the commands,
// without the prompt and without what was answered.
"use strict";

(() => {
    const blocks = document.querySelectorAll("pre > code, .table-wrapper");

    // Only what overflows may be a stop of the Tab key, and that changes with the width of the window.
    const sizes = new ResizeObserver((entries) => {
        for (const { target } of entries) {
            if (target.scrollWidth > target.clientWidth) {
                target.tabIndex = 0;
            } else {
                target.removeAttribute("tabindex");
            }
        }
    });
    blocks.forEach((block) => sizes.observe(block));

    /** The lines of a session, each with whether it was typed: what stands after `$ `, continued lines and here-documents. */
    function linesOf(session) {
        let goesOn = false;
        let end = null;
        return session.split("\n").map((line) => {
            const inDocument = end !== null;
            const isTyped = inDocument || goesOn || line.startsWith("$ ");
            if (inDocument) {
                end = line === end ? null : end;
            } else if (isTyped) {
                goesOn = line.endsWith("\\");
                end = line.match(/<<-?\s*['"]?(\w+)/)?.[1] ?? null;
            }
            return { line, isTyped };
        });
    }

    const withoutPrompt = (line) => line.replace(/^\$ /, "");

    /** Of a session, what you type and a verdict's first word are marked. mdBook's highlighter would guess, and take `-->` for a prompt. */
    function mark(block) {
        const lines = linesOf(block.textContent).flatMap(({ line, isTyped }) => {
            const verdict = line.match(/^(PASS|FAIL|NOT CHECKED|ADVICE)(?=  )/)?.[0];
            if (isTyped) {
                const typed = withoutPrompt(line);
                return [line.slice(0, line.length - typed.length), span("typed", typed), "\n"];
            }
            if (verdict) {
                return [span(`verdict-${verdict.replace(" ", "-").toLowerCase()}`, verdict), line.slice(verdict.length), "\n"];
            }
            return [line, "\n"];
        });
        block.replaceChildren(...lines.slice(0, -1));
    }

    function span(name, text) {
        const made = document.createElement("span");
        made.className = name;
        made.textContent = text;
        return made;
    }

    document.querySelectorAll("code.language-console").forEach(mark);

    // Before mdBook's own listener, which copies the whole block. That one stays for where there is no clipboard to write to.
    document.addEventListener(
        "click",
        (event) => {
            const button = event.target.closest?.(".clip-button");
            const session = button?.closest("pre").querySelector("code.language-console");
            if (!session || !navigator.clipboard) {
                return;
            }
            event.stopPropagation();
            const commands = linesOf(session.textContent).filter(({ isTyped }) => isTyped);
            navigator.clipboard.writeText(commands.map(({ line }) => withoutPrompt(line)).join("\n")).then(
                () => say(button, "Copied!"),
                () => say(button, "Not copied: the browser does not allow it"),
            );
        },
        { capture: true },
    );

    function say(button, words) {
        button.firstChild.textContent = words;
        button.classList.add("tooltipped");
    }
})();
