import type { GatewayContext } from '../../src/index.ts'
import { addBudgetRoutes } from './budgets/routes.ts'
import { addCustomerRoutes } from './customers/routes.ts'
import { addOrganizationMemberRoutes } from './organizations/member-routes.ts'
import { addOrganizationRoutes } from './organizations/routes.ts'
import { addTeamChangeRoutes } from './teams/change-routes.ts'
import { addMemberRoutes } from './teams/member-routes.ts'
import { addTeamReadRoutes } from './teams/read-routes.ts'
import { addUserChangeRoutes } from './users/change-routes.ts'
import { addNewUserRoute } from './users/new-route.ts'
import { addUserReadRoutes } from './users/read-routes.ts'

/** What the management routes take from the plugin's options. */
export interface ManagementOptions {
  /** IANA name of the timezone whose days budgets begin with. Default UTC. */
  readonly timezone?: string | undefined
  /** Ids of teams that users may join by themselves. Default: none. */
  readonly availableTeams?: readonly string[] | undefined
  /** Id of the budget of end users without limits of their own. */
  readonly endUserBudget?: string | undefined
}

/** Adds the routes of teams, users, customers, budgets and organizations. */
export function addManagementRoutes(gateway: GatewayContext, options: ManagementOptions): void {
  const { timezone = 'UTC', availableTeams = [], endUserBudget } = options
  const management = { gateway, timezone, availableTeams, endUserBudget }
  addTeamReadRoutes(management)
  addTeamChangeRoutes(management)
  addMemberRoutes(management)
  addNewUserRoute(management)
  addUserChangeRoutes(management)
  addUserReadRoutes(management)
  addCustomerRoutes(management)
  addBudgetRoutes(management)
  addOrganizationRoutes(management)
  addOrganizationMemberRoutes(management)
}
