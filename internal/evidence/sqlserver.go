package evidence

import (
	"strings"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// sqlServerClients have the number in a field Number.
var sqlServerClients = client{
	paths:     []string{"github.com/microsoft/go-mssqldb", "github.com/denisenkom/go-mssqldb", "github.com/alexbrainman/odbc", "github.com/thda/tds", "github.com/SAP/go-ase"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		if n, ok := inspect.Int(err, "Number", "NativeError"); ok {
			v.ofSQLServer(n)
		}
		if strings.HasPrefix(err.Error(), "mssql: login error") {
			v.add(says(Typed, Dependency, Terminal, "a login that SQL Server rejects"))
		}
		if state, ok := inspect.String(err, "State"); ok {
			v.add(ofSQLState(state, ""))
		}
	},
}

func (v *Verdict) ofSQLServer(n int64) {
	if n >= 50000 { // of a statement THROW or RAISERROR of the database's own code
		v.add(sqlServer.raised(n))
		return
	}
	v.add(sqlServer.number(n))
}

// sqlServer are the numbers of SQL Server and of Azure SQL; for those that pass see also
// https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues.
var sqlServer = &Table{
	Kind: SQLServer, Title: "Error number of SQL Server",
	Source: "https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors",
	Rows: []Row{
		{Dependency, Retryable, "-2=timeout -1 2 20 53 64 121 233 258 596=session_killed 615 617 669 671 701=memory 802=buffers 844 845=latch 846 847 921 922 942 952 976 978 979 982 983 1203 1204=locks 1205=deadlock 1206 1221 1222=lock_timeout 1421 1807 " +
			"3906=read_only 3908 3928 3935 3947 3960=snapshot_conflict 3961 3966 4060=database_not_open 4221 5231 6005=shutdown 6401 8628 8641 8645=memory 8651 8657 8902 9515 10053 10054 10060 10061 10922 10928=limit 10929=limit 10930 10936 11001 13535 13543 " +
			"14355 14868 17142 17197 17830 17889 18401 20041 22225 22226 22358 25740 26023 30053 30080 33309 35216 35217 35218 39108 39110 39151 39152 40020 40106 40108 40109 40140 40143 40166 40174 40189 40197=service 40501=busy 40540 40545 40549 40550 40551 40552 40553 " +
			"40613=not_available 40642 40648 40671 40675 40806 40825 40854 40918 40938 41301=conflict 41302 41305 41325 41339 41640 41839 42008 42019 42108 42109 45154 45156 45157 45161 45168 45169 45170 45171 45172 45173 45179 45318 45319 " +
			"45547 47132 49510 49918 49919 49920 49975"},
		{Dependency, Undecided, "823=IO 824=IO 825=IO 829 1101=disk 1105=disk 3201 3202 3271 5149=disk 9002=log_full 10981 40544=quota 41823=quota 41840 1132=storage"},
		{Dependency, Terminal, "229=permission 230=permission 262=permission 297=permission 300=permission 15247=permission 15151=permission_or_missing 916=permission 4064=default_database 18450 18452=login 18456=login 18470=disabled 18486=locked 18487=expired 18488=expired 33161 40532=login 40607 40615=firewall 40914=firewall 47073=firewall"},
		{User, Terminal, "102=syntax 103 104 105 107 109 110 116 119 120 128 130 134 135 137 141 144 145 147 148 151 153 156=syntax 157 159 164 168 170 174 178 180 189 195=function 201=parameter 203 205 206=type_clash 207=column 208=object 209=ambiguous 213=columns " +
			"214 217 220=overflow 232=overflow 235 241=conversion 242=conversion 244 245=conversion 248=overflow 256 257 264 266 271 273 295 296 306 311 319 334 401 402 408 409 421 444 450 452 468=collation 487 489 492 505 506 512=subquery 515=NULL 517 518 529 530 531 535 537 544=identity 545 547=constraint 550 " +
			"1033 1038 1505=duplicate 1750 1753 1759 1769 1776 1785 1801=database_exists 1902 1904 1911 1913=index_exists 1919 2081 2110 2503 2601=duplicate 2627=duplicate 2628=truncated 2702 2705 2714=exists 2715=type 2716 2732 2739 2744 2745 2812=procedure 3609 3701=missing 3726 3728 3729 3732 " +
			"4104=identifier 4121=function 4145 4405 4406 4413 4417 4502 4506 4701=object 4712 4813 4816 4817 4832 4861 4863=truncated 4864=conversion 4866 4902 4924 4929 5074 6348 6522 6602 6603 7202 7303 8101 8102 8106 8107 8110 8111 8114=conversion 8115=overflow 8116 8117 8119 8120 8127 8134=division 8138 8141 8144=arguments 8145 8146 8152=truncated 8155 8156 8158 8159 8162 8164 8169=conversion 8170 8178 " +
			"8632 9400 9402 9405 9410 9420 9436 9455 9803 9807 10610 10716 11702 11705 13603 13606 13608=JSON 13609=JSON 13610 13624 15007 15009 15023 15025 15225 15248 15517"},
		{System, Undecided, "3902=no_transaction 3903=no_transaction 3930=doomed_transaction 3971 3989 3998 8179=no_statement"},
	},
}
