// The package's public interface, and the only file that re-exports: what is not named here may change in any release.
export { exitCodes, LabError, type ExitCodeName } from './config/lab-error.ts';
export { fitOf, type LabFit } from './config/lab-fit.ts';
export { hostsOf, type Host } from './config/hosts.ts';
export { instanceTypeFacts, type InstanceTypeFacts } from './config/instance-types.ts';
export { articleLab, parseLab, type Lab, type LabInput } from './config/lab.ts';
export { labOf, presets, type PresetName } from './config/presets.ts';
export { documentsOf, type LabDocument } from './documents/documents-of.ts';
export { automationRole, type AutomationRoleProps } from './infra/automation-role.ts';
export { LabDocuments, type LabDocumentsProps } from './infra/documents.ts';
export { fleetId, LabFleet, type LabFleetProps } from './infra/hosts/fleet.ts';
export { hostRole, type HostRoleProps } from './infra/hosts/host-role.ts';
export { LabHost, type LabHostProps } from './infra/hosts/lab-host.ts';
export { LabStack, type LabStackProps } from './infra/lab-stack.ts';
export { HostReaper, type HostReaperProps } from './infra/host-reaper.ts';
export { LabNetwork, type LabNetworkProps } from './infra/hosts/network.ts';
export { LabResults, type LabResultsProps } from './infra/results.ts';
export { backendEnvFile, userDataScript, type UserDataProps } from './infra/hosts/user-data.ts';
