// Values under the pointer, or under the arrow keys, for figures whose columns have them as titles.
(() => {
  function lines(tip, text) {
    const [head, ...values] = text.split("\n");
    const bold = document.createElement("b");
    bold.textContent = head;
    tip.replaceChildren(bold);
    for (const value of values) {
      const line = document.createElement("span");
      line.textContent = value;
      tip.append(line);
    }
  }

  function watch(figure) {
    const area = figure.querySelector(".area");
    const columns = [...area.querySelectorAll(".at")].map((column) => {
      const title = column.querySelector("title");
      const text = title.textContent;
      // The browser would show a second box for it.
      title.remove();
      return { column, text, part: Number(column.dataset.part) };
    });
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.setAttribute("role", "status");
    tip.hidden = true;
    figure.append(tip);
    let shown = -1;

    function show(index) {
      if (shown >= 0) columns[shown].column.classList.remove("on");
      shown = index;
      tip.hidden = index < 0;
      if (index < 0) return;
      const { column, text, part } = columns[index];
      column.classList.add("on");
      lines(tip, text);
      const [outer, inner] = [figure.getBoundingClientRect(), area.getBoundingClientRect()];
      const x = inner.left - outer.left + (part / 100) * inner.width;
      // Beside the column, on the side that has more room.
      const left = x < outer.width / 2 ? x + 12 : x - 12 - tip.offsetWidth;
      tip.style.left = `${Math.max(4, Math.min(left, outer.width - tip.offsetWidth - 4))}px`;
      // Below the figure where there is no room beside the column.
      const top = tip.offsetWidth < outer.width / 2 ? inner.top + 8 : inner.bottom + 28;
      tip.style.top = `${top - outer.top}px`;
    }

    function nearest(event) {
      const inner = area.getBoundingClientRect();
      const part = ((event.clientX - inner.left) / inner.width) * 100;
      const far = columns.map((column) => Math.abs(column.part - part));
      return far.indexOf(Math.min(...far));
    }

    const steps = { ArrowRight: 1, ArrowLeft: -1 };
    area.addEventListener("pointermove", (event) => show(nearest(event)));
    area.addEventListener("pointerdown", (event) => show(nearest(event)));
    area.addEventListener("pointerleave", () => show(-1));
    area.addEventListener("blur", () => show(-1));
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") show(-1);
      if (!(event.key in steps)) return;
      event.preventDefault();
      const from = shown < 0 && event.key === "ArrowLeft" ? columns.length : shown;
      show(Math.max(0, Math.min(columns.length - 1, from + steps[event.key])));
    });
  }

  document.querySelectorAll("figure.chart").forEach(watch);
})();
