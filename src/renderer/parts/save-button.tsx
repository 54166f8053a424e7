/** Saves the whole of an output to a file: the app shell asks where, a browser downloads it. */
import { Button } from '@fluentui/react-components';
import { useState } from 'react';
import { outputFileName } from '../../shared/output-file.ts';
import { useI18n, useShellOffers, useStore } from '../data/hooks.ts';
import { type Stream, wholeOutput } from '../data/output.ts';
import type { WindowClient } from '../data/window-client.ts';

interface SaveButtonProps {
  readonly run: number;
  readonly stream: Stream;
}

export function SaveButton({ run, stream }: SaveButtonProps) {
  const i18n = useI18n();
  const { client } = useStore();
  const offered = useShellOffers('shell.saveOutput');
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const save = async () => {
    if (busy) return;
    setBusy(true);
    setFailed(
      !(offered ? (await client.ask('shell.saveOutput', { run, stream })).ok : await download(client, run, stream)),
    );
    setBusy(false);
  };
  return (
    <>
      <Button size="small" disabledFocusable={busy} onClick={() => void save()}>
        {i18n.t('run.output.save')}
      </Button>{' '}
      <span role="status">{failed ? i18n.t('run.output.notSaved') : ''}</span>
    </>
  );
}

async function download(client: WindowClient, run: number, stream: Stream): Promise<boolean> {
  const text = await wholeOutput(client, run, stream);
  if (text === null) return false;
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = outputFileName(run, stream);
  link.click();
  URL.revokeObjectURL(address);
  return true;
}
