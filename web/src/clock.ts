import { preferences } from "./device/preferences.ts";
import { speak, words } from "./words/current.ts";
import { day, time } from "./words/dates.ts";
import "./parts/tokens.css";

/** Where Leave leads without a line: a date and a clock, and nothing else. */
const { language } = preferences().now.value;
await speak(language);
document.documentElement.lang = language;
document.title = words.value("title.clock");

const [clock, date] = [document.createElement("h1"), document.createElement("p")];
const show = () => {
  clock.textContent = time(Date.now());
  date.textContent = day(words.value, Date.now());
};
show();
setInterval(show, 1000);
const main = document.createElement("main");
main.append(clock, date);
document.body.append(main);
