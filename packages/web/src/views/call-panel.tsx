import { useEffect, useRef } from 'preact/hooks';
import {
  answer,
  type CurrentCall,
  cameraOff,
  current,
  elsewhere,
  hangUp,
  localStream,
  muted,
  notice,
  remoteStream,
  takeOver,
  toggle,
} from '../call/calling.ts';
import { Avatar } from './people-list.tsx';

function Video({ stream, mine }: { stream: MediaStream | null; mine: boolean }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current && element.current.srcObject !== stream) element.current.srcObject = stream;
  }, [stream]);
  return <video ref={element} class={mine ? 'mine' : 'theirs'} autoplay playsInline muted={mine} />;
}

const stages: Record<CurrentCall['stage'], string> = {
  incoming: 'is calling you',
  outgoing: 'ringing…',
  connecting: 'connecting…',
  connected: 'connected',
  away: 'connection lost, waiting…',
};

export function CallPanel() {
  const call = current.value;
  if (!call && elsewhere.value) {
    return (
      <div class="notice" role="status">
        In a call with {elsewhere.value.other.name} on another device
        <button type="button" class="link" onClick={() => void takeOver()}>
          Take it here
        </button>
        <button type="button" class="link" onClick={() => (elsewhere.value = null)}>
          Dismiss
        </button>
      </div>
    );
  }
  if (!call) {
    return notice.value ? (
      <div class="notice" role="status">
        {notice.value}
        <button type="button" class="link" onClick={() => (notice.value = null)}>
          Dismiss
        </button>
      </div>
    ) : null;
  }
  const video = call.kind === 'video' && !call.jitsiUrl && call.stage !== 'incoming';
  return (
    <div
      class={`call ${video ? 'video' : ''}`}
      role="dialog"
      aria-label={`Call with ${call.other.name}`}
      data-stage={call.stage}
    >
      {video ? (
        <div class="stage">
          <Video stream={remoteStream.value} mine={false} />
          <Video stream={localStream.value} mine={true} />
        </div>
      ) : (
        <>
          <Avatar user={call.other} live={call.stage === 'connected'} />
          {!call.jitsiUrl && <Video stream={remoteStream.value} mine={false} />}
        </>
      )}
      <p>
        <strong>{call.other.name}</strong> {stages[call.stage]}
      </p>
      {call.jitsiUrl && call.stage !== 'incoming' && (
        <a href={call.jitsiUrl} target="_blank" rel="noreferrer">
          Open the Jitsi room
        </a>
      )}
      <div class="actions">
        {call.stage === 'incoming' ? (
          <button type="button" class="primary" onClick={() => void answer()}>
            Answer
          </button>
        ) : (
          <>
            <button type="button" aria-pressed={muted.value} onClick={() => toggle('audio')}>
              {muted.value ? 'Unmute' : 'Mute'}
            </button>
            {video && (
              <button type="button" aria-pressed={cameraOff.value} onClick={() => toggle('video')}>
                {cameraOff.value ? 'Camera on' : 'Camera off'}
              </button>
            )}
          </>
        )}
        <button type="button" class="danger" onClick={() => hangUp()}>
          {call.stage === 'incoming' ? 'Decline' : 'Hang up'}
        </button>
      </div>
    </div>
  );
}
