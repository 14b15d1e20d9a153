"""Words that people here like in passwords, and that zxcvbn's lists of English words lack.

Not every common word: three or four ordinary words make a good password, and stay allowed. These are what comes to mind first
when somebody is asked for a password: prayers, love, names, days, places, numbers, the office.
"""

_WORDS = """
rahasia sandi katasandi katakunci password passwordku admin administrator pengguna akun masuk welcome selamat datang
selamatdatang selamatpagi pagi siang malam qwerty ganti gantisaya ubah baru lama cobacoba contoh bebas kunci

bismillah basmalah bismillahirrahmanirrahim alhamdulillah assalamualaikum waalaikumsalam subhanallah masyaallah
insyaallah astagfirullah astaghfirullah allahuakbar allahu allah muhammad rasulullah islam muslim muslimah ramadan
ramadhan lebaran idulfitri iduladha kurban puasa shalat sholat tahajud sabar ikhlas tawakal syukur bersyukur berkah
barokah rezeki hidayah amanah jannah surga dunia akhirat hijrah istiqomah quran alquran yasin fatihah tuhan yesus
kristus tuhanyesus haleluya amin natal gereja hindu buddha doaibu

indonesia indonesiaku indonesiaraya merdeka merahputih garuda pancasila bhinneka nusantara bangsa negara pahlawan
proklamasi presiden pemilu damai juara bintang raja ratu pangeran putri dewi

sayang sayangku sayangkamu sayangmama cinta cintaku cintakamu akucintakamu akusayangkamu kasih kasihku kekasih rindu
kangen setia selalu selamanya selamanyacinta bahagia senang ceria senyum cantik ganteng manis lucu imut keren kece
mantap hebat sukses sukseselalu semangat gembira kamu aku kita kami love banget sekali

mama papa bunda ayah bapak ibu ibuku ayahku mamaku papaku anak anakku suami istri istriku suamiku kakak adik adikku
nenek kakek keluarga keluargaku saudara sahabat teman temanku pacar pacarku mantan jomblo janda

senin selasa rabu kamis jumat sabtu minggu januari februari maret april juni juli agustus september oktober november
desember hari bulan tahun tahunbaru mei satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas seratus
seribu sejuta satuduatiga pertama kedua ketiga

lampung bandarlampung metro kotametro pringsewu pesawaran tanggamus waykanan mesuji tulangbawang lampungtengah
lampungtimur lampungutara lampungselatan lampungbarat pesisirbarat kotabumi kalianda liwa krui gunungsugih sukadana
blambangan umpu menggala panaragan wiralaga gedongtataan kotaagung terbanggi yosodadi yosorejo yosomulyo iringmulyo
tejosari tejoagung margorejo hadimulyo ganjaragung imopuro rejomulyo sumbersari mulyojati purwosari karangrejo
banjarsari siger sangbumi ruwajurai waykambas krakatau sumatra sumatera jakarta bandung surabaya medan palembang
semarang yogyakarta jogja jogjakarta malang bogor bekasi depok tangerang banten padang aceh bali makassar solo
kalimantan sulawesi papua jawa jawabarat jawatimur sunda pusat timur barat utara selatan

kantor dinas dinasku pemda pemkot pemerintah pemprov negeri kota kabupaten kecamatan kelurahan desa lurah camat
bupati walikota gubernur wakil kepala sekretaris bendahara pegawai honorer bidang bagian sekretariat arsip surat
undangan kegiatan rapat laporan data outreach perempuan perlindungan perlindungananak pemberdayaan kaderku kader
posyandu forumanak layakanak genre karangtaruna sekolah guru murid dosen kampus kuliah polisi polri tentara bidan
dokter perawat puskesmas rumahsakit

muhamad ahmad budi agus siti nurul putra sari wati yanti rini rina dian indah lestari wulan ratna fitri fitria rahma
rahmat rahmawati hidayat nugroho santoso setiawan kurniawan saputra pratama wijaya susanto susanti hartono
firmansyah ramadhani fauzi fajar rizki rizky bayu ibrahim ismail hasan zahra aisyah khadijah fatimah maryam
salsabila nabila anisa annisa amelia aulia kartini wahyu slamet joko bambang sutrisno suparman sugeng supriyadi
mulyadi haryanto iskandar gunawan hermawan irawan yulianti herlina kartika puspita

persija persib persibbandung persebaya garudamuda sepakbola bola ninja tokopedia shopee whatsapp komputer telkomsel
"""
LIKED = tuple(_WORDS.split())
