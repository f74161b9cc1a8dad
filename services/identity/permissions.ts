/** What a role permits. Roles are few and known; accounts have them, and nothing else gives a permission. */
const PERMISSIONS = {
  admin: ['accounts:read', 'keys:rotate', 'roles:write'],
  operator: ['accounts:read', 'keys:rotate'],
} as const;

export type Role = keyof typeof PERMISSIONS;
export type Permission = (typeof PERMISSIONS)[Role][number];

export const ROLES = Object.keys(PERMISSIONS) as readonly Role[];

export function rolesPermit(roles: readonly Role[], permission: Permission): boolean {
  // A role of the database that is not known here, or not any more, permits nothing.
  return roles.some(role => ROLES.includes(role) && (PERMISSIONS[role] as readonly Permission[]).includes(permission));
}
