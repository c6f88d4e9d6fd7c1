// Reads calendars as Thunderbird does, each by its own VTIMEZONE alone: [{text, from, until}] (seconds since 1970) from
// standard input; writes [[[uid, seconds], …], …], in order.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const found = createRequire(`${process.cwd()}/`).resolve("ical.js");
const ICAL = (await import(pathToFileURL(found))).default;
ICAL.design.strict = true;

function times({ text, from, until }) {
  const entries = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent");
  const moved = entries.filter((entry) => entry.hasProperty("recurrence-id"));
  const shown = [];
  for (const entry of entries) {
    if (entry.hasProperty("recurrence-id")) continue;
    const uid = entry.getFirstPropertyValue("uid");
    const exceptions = moved.filter((one) => one.getFirstPropertyValue("uid") === uid);
    const event = new ICAL.Event(entry, { exceptions });
    const dates = event.iterator();
    // A moved date lies two weeks from its own at most.
    for (let date = dates.next(); date && date.toUnixTime() < until + 15 * 86400; date = dates.next()) {
      const at = event.getOccurrenceDetails(date).startDate.toUnixTime();
      if (from <= at && at < until) shown.push([uid, at]);
    }
  }
  return shown.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x - y));
}

const asked = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(asked.map(times)));
