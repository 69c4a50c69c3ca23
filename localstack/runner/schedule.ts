/** When a schedule is due next, in ms since 1970; null: never again. */
export type Schedule = { readonly next: (afterMs: number) => number | null };

const unitMs: Readonly<Record<string, number>> = {
  minute: 60_000,
  minutes: 60_000,
  hour: 3_600_000,
  hours: 3_600_000,
  day: 86_400_000,
  days: 86_400_000,
};

const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

type Field = {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
};

const minuteField: Field = { name: "minutes", min: 0, max: 59 };
const hourField: Field = { name: "hours", min: 0, max: 23 };
const dayField: Field = { name: "day of month", min: 1, max: 31 };
const monthField: Field = { name: "month", min: 1, max: 12, names: months };
const weekdayField: Field = { name: "day of week", min: 1, max: 7, names: weekdays };
const yearField: Field = { name: "year", min: 1970, max: 2199 };

const readNumber = (text: string, field: Field): number => {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  const value = named >= 0 ? named + field.min : Number(text);
  if (!Number.isInteger(value) || text === "" || value < field.min || value > field.max)
    throw new Error(`${JSON.stringify(text)} is no ${field.name} from ${field.min} to ${field.max}`);
  return value;
};

/** One part of a list: `*`, `5`, `1-5`, `0/15`, `*​/10`, `MON-FRI`. */
const readPart = (part: string, field: Field): readonly number[] => {
  const [range = "", step, ...more] = part.split("/");
  if (more.length > 0) throw new Error(`${JSON.stringify(part)} is no ${field.name}`);
  const [from = "", to, ...rest] = range.split("-");
  if (rest.length > 0) throw new Error(`${JSON.stringify(part)} is no ${field.name}`);
  const first = range === "*" ? field.min : readNumber(from, field);
  const open = range === "*" || (to === undefined && step !== undefined);
  const last = open ? field.max : readNumber(to ?? from, field);
  const every = step === undefined ? 1 : Number(step);
  if (!Number.isInteger(every) || every < 1) throw new Error(`${JSON.stringify(part)} has no step`);
  return Array.from(
    { length: Math.max(0, Math.floor((last - first) / every) + 1) },
    (_, i) => first + i * every,
  );
};

/** Null: any. */
const readField = (text: string, field: Field): ReadonlySet<number> | null => {
  if (text === "*" || text === "?") return null;
  if (/^L|L$|W$|#/i.test(text) && !field.names?.includes(text.toUpperCase()))
    throw new Error(`L, W and # are not run on one machine (${field.name} ${text})`);
  return new Set(text.split(",").flatMap((part) => readPart(part, field)));
};

const dayMs = 86_400_000;
const matches = (set: ReadonlySet<number> | null, value: number): boolean => set === null || set.has(value);

/** Minutes, hours, day of month, month, day of week (1 is Sunday), year; UTC, as EventBridge has it. */
const cron = (text: string): Schedule => {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 6) throw new Error("cron(…) has six fields");
  const [m = "", h = "", d = "", mo = "", w = "", y = ""] = fields;
  if ((d === "?") === (w === "?"))
    throw new Error("one of day of month and day of week must be ?, and only one");
  const minutes = readField(m, minuteField);
  const hours = readField(h, hourField);
  const days = readField(d, dayField);
  const monthSet = readField(mo, monthField);
  const weekdaySet = readField(w, weekdayField);
  const years = readField(y, yearField);
  const dayMatches = (day: Date): boolean =>
    matches(years, day.getUTCFullYear()) &&
    matches(monthSet, day.getUTCMonth() + 1) &&
    matches(days, day.getUTCDate()) &&
    matches(weekdaySet, day.getUTCDay() + 1);
  const timesOfDay = Array.from({ length: 1440 }, (_, minute) => minute).filter(
    (minute) => matches(hours, Math.floor(minute / 60)) && matches(minutes, minute % 60),
  );
  return {
    next: (afterMs) => {
      const firstDay = Math.floor(afterMs / dayMs) * dayMs;
      // Eight years hold every leap day; a year in the past never comes.
      for (let day = firstDay; day <= firstDay + 8 * 366 * dayMs; day += dayMs) {
        if (!dayMatches(new Date(day))) continue;
        const minute = timesOfDay.find((time) => day + time * 60_000 > afterMs);
        if (minute !== undefined) return day + minute * 60_000;
      }
      return null;
    },
  };
};

/**
 * Reads `rate(5 minutes)` or `cron(0 12 * * ? *)` as EventBridge writes them; of cron all but L, W and #.
 * @throws Error that says what is not understood
 */
export const parseSchedule = (expression: string): Schedule => {
  const [, kind, text = ""] = /^(rate|cron)\((.+)\)$/.exec(expression.trim()) ?? [];
  if (kind === "cron") return cron(text);
  const [amount = "", unit = ""] = text.trim().split(/\s+/);
  const periodMs = Number(amount) * (unitMs[unit] ?? Number.NaN);
  if (kind !== "rate" || !/^[1-9]\d*$/.test(amount) || Number.isNaN(periodMs))
    throw new Error(`${expression} is neither rate(…) nor cron(…)`);
  return { next: (afterMs) => afterMs + periodMs };
};
