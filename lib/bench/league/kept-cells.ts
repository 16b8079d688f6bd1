import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { LabError } from '../../config/lab-error.ts';
import { runResultSchema, type RunResult } from '../../results/schema/run-result.ts';

/** One server under so many connections, once. */
export interface LeagueCell {
  readonly server: string;
  readonly connections: number;
  /** From 1. */
  readonly repeat: number;
}

/** A cell that was measured: the result of its run, and where that is kept. */
export interface KeptCell extends LeagueCell {
  /** Path of its result.json, relative to the folder of the league. */
  readonly file: string;
  readonly result: RunResult;
}

const editionForm = /^\d{4}-\d{2}(-[a-z0-9-]{1,30})?$/;

/** Reads the name of an edition: a year and a month, and a word if there are several, such as 2026-11 or 2026-11-arm. */
export function parseEdition(text: string): string {
  if (!editionForm.test(text)) throw new Error(`'${text}' is no edition, such as 2026-11 or 2026-11-arm`);
  return text;
}

/** The editions that a folder of a league has, the newest first. */
export function editionsIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && editionForm.test(entry.name))
    .map(({ name }) => name)
    .sort()
    .reverse();
}

/** Where the result of a cell is kept, relative to the folder of the league. */
function fileOf(edition: string, { server, connections, repeat }: LeagueCell): string {
  return join(edition, String(connections), `${server}-${repeat}.json`);
}

/** Whether a cell was measured. */
export function isKept(folder: string, edition: string, cell: LeagueCell): boolean {
  return existsSync(join(folder, fileOf(edition, cell)));
}

/** Keeps the result of a cell; what is kept is never written again. Throws LabError `usage` for a cell that is there. */
export function keepCell(folder: string, edition: string, cell: LeagueCell, result: RunResult): void {
  const file = join(folder, fileOf(edition, cell));
  mkdirSync(join(file, '..'), { recursive: true });
  try {
    writeFileSync(file, `${JSON.stringify(result)}\n`, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new LabError('usage', `${file} already exists`, 'a kept result stays; delete it to measure its cell again');
  }
}

/** Every cell of an edition that was measured, by size, server and repeat. Throws LabError `usage` for a file that is no result. */
export function readEdition(folder: string, edition: string): readonly KeptCell[] {
  const sizes = readdirSync(join(folder, edition))
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
  return sizes.flatMap((connections) =>
    readdirSync(join(folder, edition, String(connections)))
      .sort()
      .flatMap((name) => {
        const [, server, repeat] = /^([a-z][a-z0-9-]*)-(\d+)\.json$/.exec(name) ?? [];
        if (server === undefined) return [];
        const cell = { server, connections, repeat: Number(repeat) };
        const file = fileOf(edition, cell);
        return [{ ...cell, file, result: readResult(join(folder, file)) }];
      }),
  );
}

function readResult(file: string): RunResult {
  const parsed = v.safeParse(runResultSchema, JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new LabError(
    'usage',
    `${file} is no result of this version of the lab: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`,
    'read the league with the version that made it, or move that edition away',
  );
}
