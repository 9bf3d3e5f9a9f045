// Tables that sort by a click on a head, or by Enter on it.
(() => {
  const order = { ascending: 1, descending: -1 };

  function compared(one, other, column, sign) {
    const [a, b] = [one.cells[column], other.cells[column]];
    const [x, y] = [a.dataset.number, b.dataset.number];
    // What has no number stands last, whichever way the column is sorted.
    if (x !== undefined && y !== undefined) return sign * (x - y);
    if (x !== undefined) return -1;
    if (y !== undefined) return 1;
    return sign * a.textContent.localeCompare(b.textContent, "en");
  }

  function sort(table, head, column) {
    const way = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    for (const other of head.parentNode.cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", way);
    const body = table.tBodies[0];
    // The sort is stable: rows that are equal here stay in the order of the column sorted before.
    const rows = [...body.rows].sort((one, other) => compared(one, other, column, order[way]));
    body.append(...rows);
  }

  for (const table of document.querySelectorAll("table.sorts")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => sort(table, head, column));
    });
  }
})();
