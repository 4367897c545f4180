// The page: what is shown, what is chosen, what is kept. STUDY comes from data.js, plan() from plan.js.
"use strict";

const at = (id) => document.getElementById(id);
const KEEP = `study-${STUDY.study}`;
const PAUSE = 350; // milliseconds after a new screen in which a double click does not answer it as well

let kept = restored() ?? fresh();
let screens = plan(STUDY, kept.seed);
let view = { name: "intro", place: 0 }; // place: number of the screen
let since = 0;
let largeIndex = 0;

// ---- what is kept in the browser: {participant, seed, started, finished, choices: [{choice, seconds}]}

function fresh() {
  const [seed, ...name] = crypto.getRandomValues(new Uint32Array(3));
  const participant = name.map((part) => part.toString(16).padStart(8, "0")).join("");
  return { participant, seed, started: new Date().toISOString(), choices: [] };
}

function restored() {
  try {
    const found = JSON.parse(localStorage.getItem(KEEP));
    return found && Array.isArray(found.choices) && Number.isInteger(found.seed) ? found : null;
  } catch {
    return null; // no storage here, or another page's
  }
}

function keep() {
  try {
    localStorage.setItem(KEEP, JSON.stringify(kept));
  } catch {
    // Without storage the study works as well, only not after a reload.
  }
}

function answers() {
  const given = screens.map((screen, k) => ({
    question: screen.question.name,
    trial: screen.trial.photo,
    repeat: screen.repeat,
    order: screen.order,
    ...kept.choices[k],
  }));
  return {
    format: "retouch-study-answers-1",
    study: STUDY.study,
    participant: kept.participant,
    seed: kept.seed,
    started: kept.started,
    finished: kept.finished,
    answers: given.filter((answer) => answer.choice),
  };
}

// ---- which view is shown

function show(name, place = view.place) {
  view = { name, place };
  for (const main of document.querySelectorAll("main")) main.hidden = main.id !== name;
  keep();
  ({ intro: showIntro, question: showQuestion, screen: showScreen, end: showEnd })[name]();
  window.scrollTo(0, 0);
}

// A question is explained before its first picture.
const opens = (place) => place === 0 || screens[place].question !== screens[place - 1].question;

function forward() {
  if (view.name === "intro") show("question", 0);
  else if (view.name === "question") show("screen");
  else if (view.place + 1 >= screens.length) show("end");
  else show(opens(view.place + 1) ? "question" : "screen", view.place + 1);
}

function back() {
  if (view.name === "end") show("screen", screens.length - 1);
  else if (view.name === "screen" && opens(view.place)) show("question");
  else if (view.place === 0) show("intro");
  else show("screen", view.place - 1);
}

function showIntro() {
  const most = Math.max(...STUDY.trials.map((trial) => trial.options.length));
  at("count").textContent = STUDY.trials.length === 1 ? "one photo" : `${STUDY.trials.length} photos`;
  at("ways").textContent = STUDY.mode === "pairs" ? "two programs" : `${most} programs`;
  at("wanted").textContent = STUDY.mode === "pairs" ? "better" : "best";
  const asked = STUDY.questions.length > 1 ? ` in ${STUDY.questions.length} parts, each with its own question` : "";
  at("screens").textContent = `${screens.length} choices${asked}; about ${Math.ceil(screens.length / 8)} min`;
  at("begin").textContent = kept.choices.length ? "Go on" : "Begin";
}

function showQuestion() {
  const { question } = screens[view.place];
  const asked = [...new Set(screens.map((screen) => screen.question))];
  at("part").textContent = asked.length > 1 ? `Part ${asked.indexOf(question) + 1} of ${asked.length}` : "";
  at("question-title").textContent = question.title;
  at("question-text").textContent = question.text;
}

function showScreen() {
  const { question, trial, order } = screens[view.place];
  at("title").textContent = question.title;
  at("place").textContent = `${view.place + 1} / ${screens.length}`;
  at("bar").max = screens.length;
  at("bar").value = view.place;
  at("tie").hidden = !STUDY.tie;
  at("tie").classList.toggle("main", kept.choices[view.place]?.choice === "tie");
  at("forward").hidden = !kept.choices[view.place];
  at("pictures").replaceChildren(...[trial.photo, ...order].map((code, k) => picture(code, k, trial)));
  arrange();
  since = performance.now();
  for (const next of screens.slice(view.place + 1, view.place + 2)) // the next pictures are there at once
    for (const code of [next.trial.photo, ...next.order]) new Image().src = source(code);
}

function showEnd() {
  kept.finished ??= new Date().toISOString();
  keep();
  const text = JSON.stringify(answers(), null, 1);
  at("text").value = text;
  URL.revokeObjectURL(at("save").href);
  at("save").href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  at("save").download = `answers-${kept.participant.slice(0, 8)}.json`;
}

// ---- pictures: number 0 is the photo with its hole, 1 and up are the fills

const source = (code) => `images/${code}.png`;
const label = (k) => (k === 0 ? "the hole" : `Fill ${k}`);

function picture(code, k, trial) {
  const figure = document.createElement("figure");
  figure.classList.toggle("chosen", k > 0 && kept.choices[view.place]?.choice === code);
  const pick = document.createElement("button");
  pick.className = "pick";
  pick.setAttribute("aria-label", k === 0 ? "Photo with its hole, show large" : `Choose fill ${k}`);
  const image = Object.assign(new Image(trial.width, trial.height), { src: source(code), alt: "", draggable: false });
  pick.append(image);
  whenPressed(pick, () => (k === 0 ? enlarge(0) : choose(code)), () => enlarge(k));
  const lens = Object.assign(document.createElement("button"), { className: "lens", textContent: "⤢" });
  lens.setAttribute("aria-label", `${label(k)}, show large`);
  lens.onclick = () => enlarge(k);
  const caption = document.createElement("figcaption");
  caption.append(k === 0 ? "the hole" : String(k), lens);
  figure.append(pick, caption);
  return figure;
}

// Short press and long press of a picture. The browser's own menu of a long press would hide the pictures.
function whenPressed(button, short, long) {
  let timer = null;
  let wasLong = false;
  button.onpointerdown = () => {
    wasLong = false;
    timer = setTimeout(() => { wasLong = true; long(); }, 450);
  };
  button.onpointerup = button.onpointerleave = button.onpointercancel = () => clearTimeout(timer);
  button.oncontextmenu = (event) => event.preventDefault();
  button.onclick = () => { if (!wasLong) short(); wasLong = false; };
}

// As many columns as make the pictures largest on this screen; where they would be too small, the page scrolls.
function arrange() {
  if (view.name !== "screen") return;
  const { trial } = screens[view.place];
  const box = at("pictures");
  const count = trial.options.length + 1;
  const [gap, caption] = [10, 40];
  const width = document.documentElement.clientWidth - 24;
  const height = window.innerHeight - box.getBoundingClientRect().top - window.scrollY - (STUDY.tie ? 64 : 16);
  let best = { columns: 1, side: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const fits = ((height - (rows - 1) * gap) / rows - caption) * (trial.width / trial.height);
    const side = Math.min((width - (columns - 1) * gap) / columns, fits);
    if (side > best.side) best = { columns, side };
  }
  const least = Math.min(300, width / 2 - gap);
  if (best.side < least) {
    const columns = Math.max(Math.min(count, Math.floor((width + gap) / (least + gap))), 1);
    best = { columns, side: (width - (columns - 1) * gap) / columns };
  }
  box.classList.toggle("first-alone", best.columns > 1 && best.columns < count && (count - 1) % best.columns === 0);
  box.style.setProperty("--side", `${Math.floor(best.side)}px`);
  box.style.gridTemplateColumns = `repeat(${best.columns}, var(--side))`;
}

function choose(choice) {
  const now = performance.now();
  if (now - since < PAUSE) return;
  const spent = (kept.choices[view.place]?.seconds ?? 0) + (now - since) / 1000;
  kept.choices[view.place] = { choice, seconds: Math.round(spent * 10) / 10 };
  delete kept.finished;
  if (at("large").open) at("large").close();
  forward();
}

// ---- one picture, large; all of them at the same place, to flip through

function enlarge(k) {
  const { trial, order } = screens[view.place];
  const codes = [trial.photo, ...order];
  largeIndex = (k + codes.length) % codes.length;
  at("large-image").src = source(codes[largeIndex]);
  at("large-name").textContent = label(largeIndex);
  at("choose").disabled = largeIndex === 0;
  if (!at("large").open) at("large").showModal();
}

at("previous").onclick = () => enlarge(largeIndex - 1);
at("next").onclick = () => enlarge(largeIndex + 1);
at("close").onclick = () => at("large").close();
at("choose").onclick = () => choose(screens[view.place].order[largeIndex - 1]);

let touched = null;
at("large-image").onpointerdown = (event) => { touched = event.clientX; };
at("large-image").onpointerup = (event) => {
  const moved = event.clientX - touched;
  if (Math.abs(moved) > 40) enlarge(largeIndex + (moved < 0 ? 1 : -1));
};

// ---- buttons and keys

at("begin").onclick = () => (kept.choices.length ? resume() : forward());
at("go").onclick = at("forward").onclick = forward;
at("tie").onclick = () => choose("tie");
for (const button of document.querySelectorAll(".back")) button.onclick = back;
at("again").onclick = () => {
  if (!confirm("Have the answers been saved? They are deleted here.")) return;
  kept = fresh();
  screens = plan(STUDY, kept.seed);
  show("intro", 0);
};
at("copy").onclick = async () => {
  at("text").select();
  try {
    await navigator.clipboard.writeText(at("text").value);
  } catch {
    document.execCommand("copy"); // pages from a disk may lack the other way
  }
  at("copied").textContent = "Copied.";
};

document.addEventListener("keydown", (event) => {
  if (view.name !== "screen" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const large = at("large").open;
  const code = screens[view.place].order[Number(event.key) - 1];
  if (large && event.key === "ArrowLeft") enlarge(largeIndex - 1);
  else if (large && event.key === "ArrowRight") enlarge(largeIndex + 1);
  else if (event.key === "0" && STUDY.tie) choose("tie");
  else if (/^[1-9]$/.test(event.key) && code) choose(code);
  else if (event.key === "Backspace" && !large) back();
  else return;
  event.preventDefault();
});
window.addEventListener("resize", arrange);

function resume() {
  const open = screens.findIndex((_, k) => !kept.choices[k]);
  if (open < 0) show("end", screens.length - 1);
  else show(opens(open) ? "question" : "screen", open);
}

if (kept.choices.length) resume();
else show("intro", 0);
