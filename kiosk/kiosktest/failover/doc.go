// Package failover takes servers from a centre that works: PostgreSQL under Patroni on three nodes, as assets/deploy/patroni
// has it, doors, registrars, and desks at which people enrol all the time. Whoever was told that a key is active has it
// afterwards, once and whole. There is nothing but tests in it.
package failover
