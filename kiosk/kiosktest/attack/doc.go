// Package attack holds what each attacker of the threat table (assets/doc/threats.md) gets of the running system: door,
// database, registrar, log and witness as they are deployed. It has tests only.
package attack
