// BullMQ with redis: a job, a hash for the record, and the next occurrence as a delayed job.
import { openSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.BENCH_NODE_MODULES}/`);
const { Queue, Worker } = require("bullmq");
const Redis = require("ioredis");

const url = new URL(process.env.BENCH_REDIS ?? "redis://127.0.0.1:6379/0");
const connection = { host: url.hostname, port: Number(url.port), maxRetriesPerRequest: null };
const atOnce = Number(process.env.BENCH_AT_ONCE ?? 10);
const providerMs = Number(process.env.BENCH_PROVIDER_MS ?? 0);
const sameWork = process.env.BENCH_WORK === "same"; // see SAME_WORK in common.py
const day = 24 * 3600 * 1000;
const queue = new Queue("bench", { connection, defaultJobOptions: { removeOnComplete: true } });

if (process.argv[2] === "fill") {
  const redis = new Redis(connection);
  await redis.flushdb();
  const number = Number(process.argv[3]);
  for (let start = 0; start < number; start += 500) {
    const jobs = [];
    for (let one = start; one < Math.min(number, start + 500); one++) {
      const person = `person-${String(one).padStart(6, "0")}`;
      jobs.push({ name: "remind", data: { person } });
      await redis.hset(`person:${person}`, JSON.parse(process.env.BENCH_PERSON ?? '{"zone": "America/New_York"}'));
    }
    await queue.addBulk(jobs);
  }
  process.exit(0);
}

const taken = openSync(process.env.BENCH_TAKEN ?? "/dev/null", "a");
const redis = new Redis(connection);
new Worker(
  "bench",
  async (job) => {
    const { person } = job.data;
    if (sameWork) {
      if (!(await redis.hgetall(`person:${person}`)).zone) throw new Error("nobody of that name");
      if (!(await redis.hsetnx(`record:${person}`, "claimed_at", new Date().toISOString()))) return;
    }
    writeSync(taken, `${person}\n`);
    if (providerMs) await new Promise((resolve) => setTimeout(resolve, providerMs));
    await redis.hset(`record:${person}`, { status: "sent", at: new Date().toISOString() });
    await queue.add("remind", { person }, { delay: day });
  },
  { connection, concurrency: atOnce },
);
