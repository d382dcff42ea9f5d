// Package model compares the centre with a model of it: the life of keys in a few lines of Go, which knows nothing of the
// database's functions. Desks and registrars do at random what they can do, and after each step both have to say the same. It
// has tests only.
package model
