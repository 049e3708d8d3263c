// Package insight answers WHAT IS SLOW, FAILING, WAITED FOR, REPEATED BY HAND AND GROWING, from what the journal's runs have left over time.
//
// Its law: it claims no more than its numbers bear. Everything is a pure function of records and of the time that it is handed; a forecast
// has an interval, or is withheld; a trend needs enough of both ends to be told from chance.
package insight
