import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type CodedError, CxrError, toCodedError } from '../../contract/errors.ts';
import type { ExportRequest, StudyExport } from '../../contract/exchange/export-request.ts';
import type { NetworkWork } from '../../contract/ipc/network.ts';
import type { ArchiveAnswers, Receiving } from '../../contract/ipc/window.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import type { ArchivePlace, WebArchive } from '../../contract/network/archive.ts';
import type { ArchivedStudy } from '../../contract/network/archived-study.ts';
import { AuditLog } from '../audit/audit-log.ts';
import { anonymousSecret } from '../exchange/anonymous-secret.ts';
import { Exits, type LeavingFile } from '../exchange/exits.ts';
import { Received } from '../exchange/received.ts';
import { makePrivateFolder } from '../files/make-private-folder.ts';
import { writePrivate } from '../files/write-private.ts';
import { NetworkHost, onlySends } from '../host/network/network-host.ts';
import type { Launcher } from '../host/port.ts';
import type { ReaderHost } from '../host/reader-host.ts';
import { archiveEntity, archiveOnWeb, networkWork } from '../settings/network-options.ts';
import type { Settings } from '../settings/settings.ts';
import type { Intake } from '../worklist/intake.ts';
import type { Worklist } from '../worklist/worklist.ts';

/** What the doors need of others. */
export type DoorsDeps = {
  /** The application's data folder. */
  readonly userData: string;
  readonly version: string;
  readonly settings: () => Settings;
  readonly launch: Launcher;
  /** Path of the network process's script. */
  readonly entry: string;
  readonly reader: Pick<ReaderHost, 'request'>;
  readonly worklist: Worklist;
  readonly intake: Pick<Intake, 'receive'>;
  /** Asks for a folder with the system's dialog; none when it was closed. */
  readonly askFolder: () => Promise<string | null>;
  readonly tell: (receiving: Receiving) => void;
  /** Hears whether an archive can be asked for earlier studies. */
  readonly asksArchive: (asks: boolean) => void;
};

/**
 * The doors of the workstation while its window is open: results leave, and studies arrive. What speaks with other machines
 * does so in the network process.
 */
export class Doors {
  readonly #deps: DoorsDeps;
  readonly #exits: Exits;
  readonly #outgoing: string;
  /** The folder of studies that were brought from an archive, and what keeps them as long as the list shows them. */
  readonly #brought: string;
  readonly #fetched: Received;
  /** What receives, and by which work it was started; null where nothing is received. */
  #receiving: { readonly host: NetworkHost; readonly received: Received; readonly work: string } | null =
    null;

  constructor(deps: DoorsDeps) {
    this.#deps = deps;
    const { userData, version, reader, worklist } = deps;
    this.#outgoing = join(userData, 'network', 'outgoing');
    this.#brought = join(userData, 'network', 'brought');
    this.#fetched = new Received({
      open: (paths) => this.#takeIn(paths),
      holds: (path) => worklist.holds(path),
      done: (path) => rmSync(path, { force: true }),
    });
    // What a crash left of a delivery: it is made anew.
    rmSync(this.#outgoing, { recursive: true, force: true });
    this.#exits = new Exits({
      ...{ list: worklist, reader, version, log: new AuditLog(join(userData, 'audit')) },
      secret: () => anonymousSecret(userData),
      deliver: (files, to) => this.#deliver(files, this.#placeOf(to)),
    });
  }

  /** Begins to receive, and sends what an earlier run could not. */
  open(): void {
    this.#exits.resume();
    // What was brought and is in the list stays as long as it is; what a crash kept from the list comes into it now.
    if (existsSync(this.#brought))
      for (const name of readdirSync(this.#brought))
        this.#fetched.arrived({ path: join(this.#brought, name), by: 'network', study: null });
    void this.changed();
  }

  /** Follows the settings. Call it when they have changed. */
  async changed(): Promise<void> {
    this.#deps.asksArchive(this.#deps.settings().archiveUrl.value !== null);
    let work: NetworkWork;
    try {
      work = networkWork(this.#deps.settings(), this.#deps.userData);
    } catch (error) {
      await this.#close();
      this.#deps.tell({ kind: 'failed', error: toCodedError(error) });
      return;
    }
    const text = JSON.stringify(work);
    if (this.#receiving?.work === text) return;
    await this.#close();
    if (work.receive === null && work.watch === null) this.#deps.tell({ kind: 'off' });
    else this.#receive(work, text);
  }

  /**
   * Lets a result leave because a person asked for it.
   *
   * @throws CxrError `cancelled` when no folder was chosen; as `Exits.toFolder` and `Exits.toArchive`.
   */
  async export(request: ExportRequest): Promise<StudyExport> {
    if (request.to !== 'folder') return this.#exits.toArchive(request);
    const folder = await this.#deps.askFolder();
    if (folder === null) throw new CxrError('cancelled');
    return this.#exits.toFolder(request, folder);
  }

  /** Lets a new result leave where the policy has a rule that says so. */
  async byRule({ id, urgency }: StudyRow): Promise<void> {
    const { sendResults, archive } = this.#deps.settings();
    const rule = sendResults.value;
    if (rule === 'by hand' || (rule === 'above' && (urgency ?? -1) < 0)) return;
    const to = archive.value === null ? 'web archive' : 'archive';
    const by = { rule: `send-results-${rule}` };
    // What went wrong stands in the row or, where nothing began, in the study's next export by hand.
    await this.#exits
      .toArchive({ studyId: id, forms: ['sr', 'sc'], to, anonymous: null }, by)
      .catch(() => {});
  }

  /** Asks the archives that the settings name whether they are there. */
  async tryArchives(): Promise<ArchiveAnswers> {
    const settings = this.#deps.settings();
    const asked = async (place: ArchivePlace | null): Promise<ArchiveAnswers['archive']> => {
      if (place === null) return 'not named';
      await using host = this.#sender();
      await host.ping(place, settings.dicomTitle.value);
      return 'answers';
    };
    const answer = (find: () => ArchivePlace | null) =>
      Promise.resolve()
        .then(() => asked(find()))
        .catch(toCodedError);
    return {
      archive: await answer(() => placeOf(settings, 'archive')),
      web: await answer(() => placeOf(settings, 'web archive')),
    };
  }

  /**
   * Asks the DICOMweb archive for the studies of a study's patient, without those that are in the list.
   *
   * @throws CxrError `request-invalid` where the patient has no ID; as `NetworkHost.find`.
   */
  async findPriors(studyId: string): Promise<readonly ArchivedStudy[]> {
    const { rows } = this.#deps.worklist;
    const patientId = rows.find(({ id }) => id === studyId)?.patient.id ?? null;
    if (patientId === null) throw new CxrError('request-invalid', { reason: 'no patient ID' });
    await using host = this.#sender();
    const found = await host.find(this.#webArchive(), patientId);
    const known = new Set(rows.map(({ study }) => study.uid));
    return found.filter(({ study }) => !known.has(study));
  }

  /** Brings a study from the DICOMweb archive into the list. @throws CxrError as `NetworkHost.fetch`. */
  async fetchStudy(study: string): Promise<void> {
    const mostBytes = this.#deps.settings().dicomMegabytes.value * 1e6;
    await using host = this.#sender();
    const paths = await host.fetch({ archive: this.#webArchive(), study, folder: this.#brought, mostBytes });
    if (paths.length === 0) throw new CxrError('nothing-found', { reason: 'empty' });
    await this.#fetched.take(paths, 'network');
  }

  /** A study was removed: files that came for it may go. */
  removed(): void {
    this.#receiving?.received.removed();
    this.#fetched.removed();
  }

  async close(): Promise<void> {
    this.#exits[Symbol.dispose]();
    this.#fetched[Symbol.dispose]();
    await this.#close();
  }

  async #close(): Promise<void> {
    const receiving = this.#receiving;
    this.#receiving = null;
    receiving?.received[Symbol.dispose]();
    await receiving?.host[Symbol.asyncDispose]();
  }

  #receive(work: NetworkWork, text: string): void {
    const { launch, entry, worklist, tell } = this.#deps;
    const received = new Received({
      open: (paths) => this.#takeIn(paths),
      holds: (path) => worklist.holds(path),
      done: (path) => host.done(path),
    });
    const on = (port: number | null, trouble: CodedError | null): Receiving => ({
      ...{ kind: 'on', port, trouble },
      title: work.receive?.title ?? null,
      watches: work.watch !== null,
    });
    let port: number | null = null;
    const host: NetworkHost = new NetworkHost({
      ...{ launch, entry, work },
      onArrival: (arrival) => {
        received.arrived(arrival);
        // What came to nothing before is no news any more.
        if (this.#receiving?.host === host) tell(on(port, null));
      },
      onTrouble: (error) => {
        if (this.#receiving?.host === host) tell(on(port, error));
      },
    });
    this.#receiving = { host, received, work: text };
    host.started().then(
      (found) => {
        port = found;
        if (this.#receiving?.host === host) tell(on(port, null));
      },
      (error: unknown) => {
        if (this.#receiving?.host === host) tell({ kind: 'failed', error: toCodedError(error) });
      },
    );
    host.failure().catch((error: unknown) => {
      if (this.#receiving?.host === host) tell({ kind: 'failed', error: toCodedError(error) });
    });
  }

  #takeIn(paths: readonly string[]): Promise<void> {
    return this.#deps.intake.receive(paths.map((path) => ({ kind: 'path', path })));
  }

  #webArchive(): WebArchive {
    const place = this.#placeOf('web archive');
    if (place.kind !== 'web') throw new TypeError('no web archive');
    return place.archive;
  }

  #sender(): NetworkHost {
    const { launch, entry } = this.#deps;
    return new NetworkHost({
      ...{ launch, entry, work: onlySends, onArrival: () => {}, onTrouble: () => {} },
    });
  }

  #placeOf(to: Exclude<StudyExport['to'], 'folder'>): ArchivePlace {
    const place = placeOf(this.#deps.settings(), to);
    if (place === null)
      throw new CxrError('setting-invalid', {
        setting: to === 'archive' ? 'archive' : 'archiveUrl',
        reason: 'not set',
      });
    return place;
  }

  /** The files lie on the disk while they are sent, and no longer. */
  async #deliver(
    files: readonly LeavingFile[],
    place: ArchivePlace,
  ): Promise<readonly (CodedError | null)[]> {
    const folder = join(this.#outgoing, randomUUID());
    makePrivateFolder(folder);
    try {
      const paths = files.map(({ name, bytes }) => {
        const path = join(folder, name);
        writePrivate(path, bytes);
        return path;
      });
      await using host = this.#sender();
      const record = join(this.#deps.userData, 'network', 'sent');
      return await host.deliver({ paths, place, title: this.#deps.settings().dicomTitle.value, record });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function placeOf(settings: Settings, to: Exclude<StudyExport['to'], 'folder'>): ArchivePlace | null {
  if (to === 'archive') {
    const remote = archiveEntity(settings);
    return remote === null ? null : { kind: 'dimse', remote };
  }
  const archive = archiveOnWeb(settings);
  return archive === null ? null : { kind: 'web', archive };
}
