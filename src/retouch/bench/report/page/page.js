"use strict";
// Without this script the page shows the same tables and pictures; it adds sorting and the slider.
document.documentElement.classList.add("scripted");

function make(name, properties = {}, children = []) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function sortable(table) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const key = (row, column) => {
    const cell = row.cells[column];
    if (column === 0) return cell.textContent;
    // What has no number stands last, whichever way.
    const text = cell.dataset.value;
    return text === undefined ? NaN : text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text);
  };
  heads.forEach((head, column) => {
    const button = make("button", { type: "button", title: head.title || "sort", textContent: head.textContent });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const compare = (one, other) => {
        const [a, b] = [key(one, column), key(other, column)];
        if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
        return (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1);
      };
      body.append(...[...body.rows].sort(compare));
    });
  });
}

function slider(card) {
  const figures = [...card.querySelectorAll(".strip figure")];
  if (figures.length < 2) return;
  const outline = card.querySelector(".outline");
  const before = make("img");
  const after = make("img", { className: "after" });
  const range = make("input", { type: "range", min: 0, max: 100, step: 1, value: 50 });
  range.setAttribute("aria-label", "How much of the left picture is seen, in per cent");
  const frame = make("div", { className: "slider" }, [before, after]);
  if (outline) frame.append(outline.cloneNode());
  frame.append(make("div", { className: "handle" }), range);
  range.addEventListener("input", () => frame.style.setProperty("--at", `${range.value}%`));
  const choose = (image, side, first) => {
    const options = figures.map((each, k) => make("option", { value: k, textContent: each.dataset.name }));
    const select = make("select", {}, options);
    select.setAttribute("aria-label", `Picture on the ${side}`);
    const show = () => {
      const chosen = figures[select.value].querySelector("img");
      image.src = chosen.src;
      image.alt = chosen.alt;
    };
    select.value = first;
    select.addEventListener("change", show);
    show();
    return select;
  };
  const choice = make("div", { className: "choice" }, [choose(before, "left", 0), choose(after, "right", 1)]);
  const compare = make("div", { className: "compare" }, [choice, frame]);
  card.querySelector(".strip").before(compare);
  if (!outline) return;
  const box = make("input", { type: "checkbox", checked: true });
  box.addEventListener("change", () => {
    for (const each of card.querySelectorAll(".outline")) each.hidden = !box.checked;
  });
  compare.append(make("label", { className: "outlined" }, [box, " outline of the hole"]));
}

document.querySelectorAll("table.sortable").forEach(sortable);
document.querySelectorAll(".card").forEach(slider);
