// Blocks of code: one that scrolls can be scrolled with the keyboard, and copying what stands at a prompt copies the commands,
// without the prompt and without what was answered.
"use strict";

(() => {
    const blocks = document.querySelectorAll("pre > code");

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

    /** The commands of a session: what stands after each `$ `, with continued lines and here-documents. */
    function commands(session) {
        const found = [];
        let goesOn = false;
        let end = null;
        for (const line of session.split("\n")) {
            if (end !== null) {
                found.push(line);
                end = line === end ? null : end;
            } else if (goesOn || line.startsWith("$ ")) {
                found.push(goesOn ? line : line.slice(2));
                goesOn = line.endsWith("\\");
                end = line.match(/<<-?\s*['"]?(\w+)/)?.[1] ?? null;
            }
        }
        return found.join("\n");
    }

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
            navigator.clipboard.writeText(commands(session.textContent)).then(
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
