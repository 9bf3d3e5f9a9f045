// The timeline of a run: zoom by dragging, by buttons and by keys, and what holds at the moment under the pointer.
(() => {
  const TICKS = 8;
  const LEAST_MS = 2;
  const SVG = "http://www.w3.org/2000/svg";

  // Reads a path of steps, as "M0 64H12.5V63…", which is the only copy of the data.
  function steps(path, top) {
    const found = [];
    let at = 0;
    for (const [, kind, number] of path.getAttribute("d").matchAll(/([HV])([\d.]+)/g)) {
      if (kind === "H") at = Number(number);
      else found.push([at, top - Number(number)]);
    }
    return found;
  }

  function depthAt(found, ms) {
    let [low, high] = [0, found.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (found[middle][0] <= ms) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : found[low - 1][1];
  }

  function moments(row, kind) {
    const path = row.querySelector(`.${kind}`);
    return path === null ? [] : [...path.getAttribute("d").matchAll(/M([\d.]+)/g)].map((found) => Number(found[1]));
  }

  function spans(row) {
    return [...row.querySelectorAll("rect[data-says]")].map((rect) => {
      const from = Number(rect.getAttribute("x"));
      return { from, to: from + Number(rect.getAttribute("width")), says: rect.dataset.says };
    });
  }

  function read(row) {
    const path = row.querySelector(".waiting");
    return {
      area: row.querySelector(".area"),
      now: row.querySelector(".now"),
      depths: steps(path, Number(path.dataset.top)),
      lost: moments(row, "lost"),
      again: moments(row, "again"),
      spans: spans(row),
    };
  }

  function seconds(ms, span) {
    const digits = span < 50 ? 4 : span < 5000 ? 3 : span < 20000 ? 2 : 1;
    return (ms / 1000).toFixed(digits);
  }

  function line(area, name) {
    const made = document.createElementNS(SVG, name === "chosen" ? "rect" : "line");
    made.setAttribute("class", name);
    made.setAttribute(name === "chosen" ? "height" : "y2", "100%");
    made.setAttribute("visibility", "hidden");
    area.append(made);
    return made;
  }

  function watch(figure) {
    const whole = Number(figure.dataset.ms);
    const rows = [...figure.querySelectorAll(".row")].map(read);
    const axis = figure.querySelector(".across");
    const says = figure.querySelector(".shown");
    const cursors = rows.map((row) => line(row.area, "cursor"));
    const chosen = rows.map((row) => line(row.area, "chosen"));
    let [from, to] = [0, whole];
    let dragged = null;

    function ticks() {
      const span = to - from;
      const raw = span / TICKS;
      const unit = 10 ** Math.floor(Math.log10(raw));
      const step = [1, 2, 5, 10].map((part) => part * unit).find((size) => size >= raw);
      const made = [];
      for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
        const text = document.createElementNS(SVG, "text");
        text.setAttribute("x", `${((at - from) / span) * 100}%`);
        text.setAttribute("y", "15");
        text.setAttribute("text-anchor", "middle");
        text.textContent = String(Number((at / 1000).toFixed(6)));
        made.push(text);
      }
      // On a narrow screen every other tick has room.
      const every = axis.clientWidth < made.length * 48 ? 2 : 1;
      axis.replaceChildren(...made.filter((_, index) => index % every === 0));
    }

    function show(first, last) {
      const span = Math.min(whole, Math.max(LEAST_MS, last - first));
      from = Math.max(0, Math.min(first, whole - span));
      to = from + span;
      for (const part of figure.querySelectorAll("svg[viewBox].time")) {
        const [, , , height] = part.getAttribute("viewBox").split(" ");
        part.setAttribute("viewBox", `${from} 0 ${to - from} ${height}`);
      }
      says.textContent = `${seconds(from, span)} s to ${seconds(to, span)} s of ${seconds(whole, whole)} s`;
      ticks();
      point(null);
    }

    function zoom(factor, middle = (from + to) / 2) {
      const span = (to - from) * factor;
      const first = middle - ((middle - from) / (to - from)) * span;
      show(first, first + span);
    }

    function move(part) {
      const by = (to - from) * part;
      show(from + by, to + by);
    }

    function inWords(row, ms, reach) {
      const near = (times) => times.filter((at) => Math.abs(at - ms) <= reach).length;
      const [lost, again] = [near(row.lost), near(row.again)];
      const held = row.spans.filter((span) => span.from <= ms && ms <= span.to).map((span) => span.says);
      const words = [`${depthAt(row.depths, ms)} waiting`, ...held];
      if (lost > 0) words.push(`lost here: ${lost}`);
      if (again > 0) words.push(`sent again here: ${again}`);
      return words.join(", ");
    }

    function point(ms) {
      rows.forEach((row, index) => {
        cursors[index].setAttribute("visibility", ms === null ? "hidden" : "visible");
        row.now.textContent = "";
        if (ms === null) return;
        const part = `${((ms - from) / (to - from)) * 100}%`;
        cursors[index].setAttribute("x1", part);
        cursors[index].setAttribute("x2", part);
        const reach = ((to - from) / row.area.clientWidth) * 2;
        row.now.textContent = `${seconds(ms, to - from)} s: ${inWords(row, ms, reach)}`;
      });
    }

    function select(first, last) {
      for (const rect of chosen) {
        rect.setAttribute("visibility", first === null ? "hidden" : "visible");
        if (first === null) continue;
        rect.setAttribute("x", `${((first - from) / (to - from)) * 100}%`);
        rect.setAttribute("width", `${((last - first) / (to - from)) * 100}%`);
      }
    }

    function moment(event, area) {
      const inner = area.getBoundingClientRect();
      const part = Math.max(0, Math.min(1, (event.clientX - inner.left) / inner.width));
      return from + part * (to - from);
    }

    for (const { area } of rows) {
      area.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        area.setPointerCapture(event.pointerId);
        dragged = { from: moment(event, area), x: event.clientX };
      });
      area.addEventListener("pointermove", (event) => {
        const ms = moment(event, area);
        point(ms);
        if (dragged !== null) select(Math.min(ms, dragged.from), Math.max(ms, dragged.from));
      });
      area.addEventListener("pointerup", (event) => {
        const began = dragged;
        dragged = null;
        select(null);
        // A click that trembles is no choice.
        if (began === null || Math.abs(event.clientX - began.x) < 6) return;
        const ms = moment(event, area);
        show(Math.min(ms, began.from), Math.max(ms, began.from));
      });
      area.addEventListener("pointercancel", () => { dragged = null; select(null); });
      area.addEventListener("pointerleave", () => { if (dragged === null) point(null); });
      area.addEventListener("dblclick", () => show(0, whole));
      area.addEventListener("wheel", (event) => {
        // Without the key, the wheel scrolls the page.
        if (!event.ctrlKey) return;
        event.preventDefault();
        zoom(event.deltaY > 0 ? 1.25 : 0.8, moment(event, area));
      }, { passive: false });
    }

    const acts = {
      in: () => zoom(0.5), out: () => zoom(2), whole: () => show(0, whole), left: () => move(-0.25), right: () => move(0.25),
    };
    const keys = { "+": "in", "=": "in", "-": "out", 0: "whole", Escape: "whole", ArrowLeft: "left", ArrowRight: "right" };
    for (const button of figure.querySelectorAll("button[data-act]")) {
      button.addEventListener("click", acts[button.dataset.act]);
    }
    figure.querySelector(".timeline").addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
      event.preventDefault();
      acts[keys[event.key]]();
    });
    window.addEventListener("resize", ticks);
    figure.querySelector(".buttons").hidden = false;
    show(0, whole);
  }

  document.querySelectorAll("figure[data-ms]").forEach(watch);
})();
