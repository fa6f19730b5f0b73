import type { MongoHandle } from '@switchboard/service-kit';
import { deviceModel } from './device-model.ts';
import { createDeviceRecords, type DeviceRecords } from './device-records.ts';
import { conversationPreferenceModel, preferencesModel } from './preference-model.ts';
import { createPreferenceRecords, type PreferenceRecords } from './preference-records.ts';

/** Devices and what their users want to be told of, with their indexes built. */
export async function openDevices(
  mongo: MongoHandle,
): Promise<{ readonly devices: DeviceRecords; readonly preferences: PreferenceRecords }> {
  const devices = deviceModel(mongo.connection);
  const preferences = preferencesModel(mongo.connection);
  const conversations = conversationPreferenceModel(mongo.connection);
  await mongo.ensureIndexes([devices, preferences, conversations]);
  return {
    devices: createDeviceRecords(devices),
    preferences: createPreferenceRecords(preferences, conversations),
  };
}
