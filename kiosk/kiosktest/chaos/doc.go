// Package chaos has a desk serve people, on real parts, while cards, readers, pcscd, the network, the door, PostgreSQL,
// registrars, message centre and mail fail at random; its tests are all there is.
//
// What is drawn is drawn from the seed alone, before a visit begins: who comes, for what, which faults, at which of the
// clerk's actions or of the card's commands, and how long each lasts. Who serves acts on what the screens show. Not
// repeated is what real goroutines and servers make of it: which call is on its way when a line is cut, for one.
package chaos
