import type { UnitSettings } from './systemd-run.ts';
import { Unit } from './unit.ts';

/** The loaded units of a host, by name. One that has ended well, or is to be collected, is not loaded any more. */
export class Units {
  readonly #units = new Map<string, Unit>();
  /** Where the journal of each unit that writes to none is kept. */
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get(name: string): Unit | undefined {
    return this.#units.get(name);
  }

  /** Starts a unit; null when its process could not be made. */
  async start(settings: UnitSettings): Promise<Unit | null> {
    const unit = new Unit(settings, `${this.#folder}/.journal-${settings.name}`);
    this.#units.set(settings.name, unit);
    void this.#unload(unit);
    return (await unit.started) ? unit : null;
  }

  async #unload(unit: Unit): Promise<void> {
    if (!(await unit.ended)) this.#units.delete(unit.settings.name);
  }

  /** Forgets a unit that has failed. */
  forget(name: string): void {
    this.#units.delete(name);
  }

  /** Loaded units whose name with its ending matches a pattern: systemd adds no ending to one. */
  matching(pattern: string): readonly Unit[] {
    const expression = new RegExp(
      `^${pattern
        .replaceAll(/[\\^$.|+(){}]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    );
    return [...this.#units.values()]
      .filter(({ settings }) => expression.test(`${settings.name}.service`))
      .sort((a, b) => (a.settings.name < b.settings.name ? -1 : 1));
  }
}
