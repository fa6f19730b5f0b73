import { reject } from '@switchboard/protocol';

export function roomNotFound() {
  return reject('ROOM_NOT_FOUND', 'Room not found');
}

/** @param what `update` or `delete`. */
export function notCreator(what: 'update' | 'delete') {
  return reject('PERMISSION_DENIED', `You can only ${what} rooms you created.`, { detail: 'not_creator' });
}

export function nameTaken() {
  return reject('CONFLICT', 'A room with this name already exists', { detail: 'name_taken' });
}
