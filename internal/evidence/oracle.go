package evidence

import (
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// oracleClients have the number in a field ErrCode (go-ora) or behind a method Code
// (godror), or only in their text.
var oracleClients = client{
	paths:     []string{"github.com/sijms/go-ora", "github.com/godror/godror", "github.com/mattn/go-oci8", "gopkg.in/rana/ora.v4"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		n, ok := inspect.Result(err, "Code")
		if !ok {
			n, ok = inspect.Int(err, "ErrCode", "Code")
		}
		if !ok || n == 0 {
			if _, after, found := strings.Cut(err.Error(), "ORA-"); found {
				n, _ = strconv.ParseInt(after[:min(5, len(after))], 10, 64)
			}
		}
		v.ofOracle(n)
	},
}

func (v *Verdict) ofOracle(n int64) {
	if n >= 20000 && n < 21000 { // of RAISE_APPLICATION_ERROR of the database's own code
		v.add(oracle.raised(n))
		return
	}
	v.add(oracle.number(n))
}

var oracle = &Table{
	Kind: OracleNumber, Title: "ORA number of Oracle",
	Source: "https://docs.oracle.com/en/error-help/db/",
	Rows: []Row{
		{Dependency, Retryable, "18=sessions 19=sessions 20=processes 21=session_attached 28=session_killed 29 51=resource_timeout 52 53 54=resource_busy 55=locks 57 60=deadlock 104=deadlock 445 447 448 449 470 471 472 473 474 475 476 477 478 485 490 609 " +
			"1012=not_logged_on 1014=shutdown 1033=startup 1034=not_available 1035=restricted 1041 1089=shutdown 1090=shutdown 1092=instance_terminated 1109=database_not_open 1155 1219 1555=snapshot_too_old 1591=in_doubt 2020 2049=distributed_lock 2391=sessions_per_user 2396=idle_time 2399 " +
			"3106 3111 3113=end_of_channel 3114=not_connected 3122 3135=lost_contact 3136=inbound_timeout 3156 4020=deadlock 4021=lock_timeout 4022 4024 4025 4031=shared_memory 4030=memory 4036=PGA 4061=package_state 4062 4064 4065 4068=package_state 8103=object_replaced 8176=consistent_read 8177=serialize 10387 12150 " +
			"12152 12153=not_connected 12157 12161 12170=timeout 12203 12224=no_listener 12502 12505=SID_unknown 12514=service_unknown 12516=handler 12518=handler 12519=handler 12520=handler 12521 12523 12525 12526 12527 12528=blocked 12535=timeout 12537=closed 12540 12541=no_listener 12542 12543=unreachable 12545=host 12547=lost 12548 12549 12551 12552 12555 " +
			"12560=protocol_adapter 12566 12569 12570=read 12571=write 12582 12583 12592 12606=timeout 12608=timeout 12609=timeout 12612 12636 12637 12757 12805 12829 12853 12860 14403 15064 16456=switchover 16679 17002=IO 17008=closed 17410=no_data 18014=timeout 24337 24341 24343 24401 24403 24404 24406 24407 24408 24409 24418=pool 24422 24457 24459=pool_timeout 24496=pool_timeout 24550 24787 " +
			"25400 25401 25402=failover 25403 25404 25405 25407 25408=replay 25409 25425 25426 29740 29770 29771 29772 30006=resource_busy 30678 44203 56600 56864 62=DML_locks 1466=definition_changed 1551 2050 2051 2053 2054 2055 2056"},
		{Dependency, Undecided, "600=internal 603 604=recursive 700 1000=open_cursors 1110 1113 1114 1115=IO 1119 1122 1135 1157 1172 1536=quota 1562 1578=corrupt 1628 1630=extents 1631 1650=space 1651=space 1652=space 1653=space 1654=space 1655=space 1658=space 1659=space 1683=space 1688=space 1691=space 1692=space 7445=internal 12154=name 12504 12564 12801=parallel 16000=read_only 16014=archiver 257=archiver 19502 19504 19809=recovery_space 19815 29273=HTTP 29279 30036=undo 6508=program_unit 4045 439=feature 24338 24756 24761 29283 1405"},
		{Dependency, Terminal, "1005=no_password 1017=login 1031=privileges 1039 1040 1045=no_privilege 1720 1749 28000=locked 28001=expired 28003 28007 28009 28040=protocol 28150 28759=wallet 28860=TLS 28868=certificate 29002=TLS 29024=certificate 41900 1456=read_only_transaction"},
		{User, Terminal, "1=unique 900 901 902 903=table_name 904=identifier 905 906 907 908 909 910 911=character 912 913=too_many_values 914 917 918=ambiguous 920 921 922 923 924 925 926 927 928 929 930 931 932=types 933 934 935 936=expression 937 938 939 940 941 942=table_or_view 943 944 946 947=not_enough_values 949 950 951 952 953 954 955=name_used 957=duplicate_column 960 961 962 964 965 966 967 968 969 970 971 972=identifier_too_long 973 974 975 976 977 978 979=group_by 980 981 982 984 985 986 987 988 989 990 " +
			"1006 1008 1036 1400=NULL 1401=too_large 1402 1403=no_data 1407=NULL 1408 1410 1418=index 1422=too_many_rows 1424 1426=overflow 1427=subquery 1428 1429 1430 1431 1432 1434 1435 1436 1438=precision 1439 1440 1441 1442 1443 1445 1446 1448 1449 1450 1451 1452=duplicate 1460 1461 1465 1471 1476=division 1481 1482 1483 1484 1489 1704=literal 1718 1719 1722=number 1723 1724 1725 1727 1728 1730 1731 1732 1733 1735 1741 1742 1745 1747 1748 1754 1755 1756=quote 1757 1758 1760 1761 1766 1767 1769 1770 1776 1779 " +
			"1788 1789 1790 1791 1792 1793 1795=list 1797 1799 1801 1810 1811 1812 1813 1815 1816 1820 1821 1822 1830 1831 1832 1833 1834 1835 1836 1837 1838 1839=date 1840 1841 1843=month 1846 1847=day 1848 1849 1850 1851 1852 1853 1854 1855 1856 1857 1858=date 1859 1861=date 1862 1863 1864 1865 1866 1867 1877 1878 1881 1882 1883 1890 2264 2270 2275 2289=sequence 2290=check 2291=parent 2292=child 2293 2296 2298 2303 2429 2430 2431 2437 2438 2440 2443 2449 4043=object 4044 4063=invalid 4067 4079 4080 4081 4091=mutating 4098 6502=value 6503 6504 6511 6530 6531 6532 6533 6550=PLSQL 6552 6553 6575 6576 6592 " +
			"12704 12899=too_large 12988 13199 14400=partition 14401 14402 22275 22835 22859 22922 24811 26027 26101 30004 30009 30076 30482 30563 31001 31011=XML 31020 40441=JSON 40442 40450 40478 40556 40587 40597 54032 64451"},
		{System, Terminal, "1001=cursor 1002=fetch 1003 1007 1453=set_transaction 2074 2089 1086=savepoint"},
		{Cancelled, Undecided, "1013=cancelled"},
	},
}
