package machine

const rockyTable = `
audit 3.1.5-1.el9 - m auditd.service
bash 5.1.8-9.el9 - m
bind-libs 32:9.16.23-24.el9_5.3 32:9.16.23-24.el9_5.4 s - - 1253
chrony 4.6.1-1.el9 - m chronyd.service /etc/chrony.conf
containerd.io 1.7.24-3.1.el9 1.7.27-3.1.el9 u containerd.service - 45012
coreutils 8.32-36.el9 - m
cronie 1.5.7-12.el9 - m crond.service
curl 7.76.1-31.el9 7.76.1-31.el9_5.1 s - - 294
dbus-broker 28-7.el9 - m dbus-broker.service
dnf 4.14.0-17.el9 - m
emacs-filesystem 27.2-11.el9 27.2-11.el9_5.2 s
expat 2.5.0-3.el9_5.1 2.5.0-3.el9_5.3 s - - 116
firewalld 1.3.4-7.el9 - m firewalld.service
freetype 2.10.4-9.el9 2.10.4-10.el9_5 s - - 387
git 2.43.5-2.el9_5 2.43.5-3.el9_5 s - - 49
glibc 2.34-125.el9_5.1 2.34-125.el9_5.8 s - - 2015
gnutls 3.8.3-4.el9_4 3.8.3-6.el9 s - - 1122
grub2-tools 2.06-94.el9_5 2.06-94.el9_5.1 u - - 1854
iproute 6.2.0-6.el9 - m
kernel 5.14.0-503.21.1.el9_5 5.14.0-503.40.1.el9_5 s kernel - 2048
kernel-core 5.14.0-503.21.1.el9_5 5.14.0-503.40.1.el9_5 s - - 17910
krb5-libs 1.21.1-4.el9_5 1.21.1-6.el9_5 s - - 766
kubelet 1.31.4-150500.1.1 1.31.9-150500.1.1 u kubelet.service - 15210
libarchive 3.5.3-4.el9 3.5.3-5.el9_6 s - - 387
libblkid 2.37.4-20.el9 2.37.4-21.el9_5 u
libcurl 7.76.1-31.el9 7.76.1-31.el9_5.1 s - - 284
libtasn1 4.16.0-8.el9_1 4.16.0-9.el9 s
libxml2 2.9.13-6.el9_5.1 2.9.13-6.el9_5.2 s - - 747
linux-firmware 20241210-148.el9_5 20250314-151.el9_5 u - - 428112
lsof 4.94.0-3.el9 - m
NetworkManager 1:1.48.10-2.el9_5 1:1.48.10-8.el9_5 u NetworkManager.service - 2304
openssh-server 8.7p1-43.el9 8.7p1-45.el9 s sshd.service /etc/ssh/sshd_config 460
openssl 1:3.2.2-6.el9_5 1:3.2.2-6.el9_5.1 s - - 1311
openssl-libs 1:3.2.2-6.el9_5 1:3.2.2-6.el9_5.1 s - - 2108
perl-libs 4:5.32.1-481.el9 - m
polkit 0.117-13.el9 - m polkit.service
python3 3.9.21-1.el9_5 3.9.21-2.el9 s - - 25
python3-libs 3.9.21-1.el9_5 3.9.21-2.el9 s - - 7642
rpm 4.16.1.3-34.el9.0.1 - m
rsync 3.2.3-20.el9 3.2.3-20.el9_5.1 s - - 395
rsyslog 8.2310.0-4.el9 - m rsyslog.service /etc/rsyslog.conf
selinux-policy 38.1.45-3.el9_5 38.1.45-3.el9_5.1 u - - 48
smartmontools 1:7.2-9.el9 - m smartd.service
sqlite-libs 3.34.1-7.el9_3 3.34.1-8.el9_6 s - - 619
sudo 1.9.5p2-10.el9_3 1.9.5p2-10.el9_6.1 s - /etc/sudoers 1030
systemd 252-46.el9_5.2 252-46.el9_5.3 u systemd-journald.service - 4032
tuned 2.24.0-2.el9_5 2.24.0-2.el9_5.1 u tuned.service - 386
tzdata 2024b-2.el9 2025b-1.el9 u - - 433
util-linux 2.37.4-20.el9 2.37.4-21.el9_5 u - - 2236
vim-minimal 2:8.2.2637-21.el9 2:8.2.2637-22.el9_6 s - - 669
`

const slesTable = `
bash 4.4-150400.27.3.2 - m
btrfsprogs 6.5.1-150600.2.9 6.5.1-150700.3.2 u - - 1048
chrony 4.1-150400.21.5.7 - m chronyd.service /etc/chrony.conf
coreutils 9.4-150600.1.3 - m
cups-libs 2.2.7-150000.3.67.1 2.2.7-150000.3.72.1 s
curl 8.6.0-150600.4.21.1 8.14.1-150700.7.2.1 s - - 512
glib2-tools 2.78.6-150600.4.8.1 2.78.6-150600.4.16.1 s
glibc 2.38-150600.14.20.3 2.38-150600.14.32.1 s - - 1884
kernel-default 6.4.0-150700.51.1 6.4.0-150700.53.6.1 s kernel - 72411
krb5 1.20.1-150600.11.8.1 1.20.1-150600.11.11.2 s - - 902
libopenssl3 3.2.3-150700.3.20 3.2.3-150700.5.10.1 s - - 1830
libsystemd0 254.24-150600.4.28.1 254.25-150600.4.31.1 u
libxml2-2 2.12.10-150700.2.3 2.12.10-150700.4.3.1 s - - 691
libzypp 17.36.7-150700.2.1 17.37.5-150700.3.2 u - - 4821
openssh-server 9.6p1-150600.6.15.2 9.6p1-150600.6.26.1 s sshd.service /etc/ssh/sshd_config 640
openssl-3 3.2.3-150700.3.20 3.2.3-150700.5.10.1 s
permissions 20240826-150700.14.4 - m
python3 3.6.15-150300.10.84.1 3.6.15-150300.10.92.1 s
rsync 3.2.7-150600.3.8.1 3.2.7-150600.3.11.1 s
rsyslog 8.2406.0-150600.12.6.2 - m rsyslog.service
sudo 1.9.15p5-150600.3.6.2 1.9.15p5-150600.3.9.1 s
suse-module-tools 15.7.4-150700.1.1 15.7.6-150700.3.3.1 u
systemd 254.24-150600.4.28.1 254.25-150600.4.31.1 u systemd-journald.service - 3812
timezone 2025a-150600.91.3.1 2025b-150600.91.6.2 u
vim-small 9.1.1176-150500.20.24.2 9.1.1406-150500.20.27.1 s
wicked 0.6.77-150700.1.7 0.6.78-150700.3.3.1 u wickedd.service
xz 5.4.1-150600.3.3.1 - m
zypper 1.14.85-150700.1.1 1.14.90-150700.3.2 u - - 2304
`

const alpineTable = `
alpine-base 3.20.3-r0 3.20.6-r0
alpine-baselayout 3.6.5-r0 -
apk-tools 2.14.4-r1 -
bash 5.2.26-r0 -
busybox 1.36.1-r29 1.36.1-r31 - - - 511
ca-certificates 20240705-r0 20241121-r1
chrony 4.5-r0 - - chronyd /etc/chrony/chrony.conf
curl 8.11.0-r2 8.12.1-r0
doas 6.8.2-r7 -
haproxy 2.8.10-r0 2.8.14-r0 - haproxy /etc/haproxy/haproxy.cfg 2412
keepalived 2.2.8-r5 - - keepalived
libcrypto3 3.3.2-r1 3.3.3-r0 - - - 1672
libcurl 8.11.0-r2 8.12.1-r0
libssl3 3.3.2-r1 3.3.3-r0 - - - 262
libxml2 2.12.7-r0 2.12.10-r0
linux-lts 6.6.63-r0 6.6.93-r0 - kernel - 131072
musl 1.2.5-r0 1.2.5-r1 - - - 398
musl-utils 1.2.5-r0 1.2.5-r1
openrc 0.54-r1 0.54-r2
openssh-server 9.7_p1-r4 9.7_p1-r5 - sshd /etc/ssh/sshd_config 512
openssl 3.3.2-r1 3.3.3-r0
pcre2 10.43-r0 -
tzdata 2024b-r0 2025b-r0
xz-libs 5.6.2-r0 5.6.2-r1
zlib 1.3.1-r1 -
`

const archTable = `
bash 5.2.037-2 5.3.0-1 u
base 3-2 -
chrony 4.7-1 - m chronyd.service
coreutils 9.7-1 -
curl 8.14.0-1 8.14.1-1 u
glibc 2.41+r48+g5cb575ca9a3d-1 2.41+r65+ge7c419a29575-1 u
gnutls 3.8.9-1 3.8.10-1 u
krb5 1.21.3-1 1.21.3-2 u
linux 6.15.2.arch1-1 6.15.4.arch2-1 u kernel
linux-firmware 20250508.788aadc8-2 20250613.12fe085f-9 u
openssh 10.0p1-3 10.0p1-4 u sshd.service /etc/ssh/sshd_config
openssl 3.5.0-1 3.5.1-1 u
pacman 7.0.0.r6.gc685ae6-1 - m
python 3.13.4-1 3.13.5-1 u
sudo 1.9.16.p2-2 1.9.17.p1-1 u
systemd 257.6-1 257.7-1 u systemd-journald.service
util-linux 2.41-4 2.41.1-1 u
vim 9.1.1431-1 9.1.1497-1 m
`

const freebsdTable = `
bash 5.2.32_1 5.2.37
ca_root_nss 3.93_2 3.108
curl 8.9.1 8.14.1 s
doas 6.3p12_1 -
git-lite 2.46.0 2.49.0 s
libxml2 2.11.9 2.14.4 s
nginx 1.26.2_10,3 1.28.0_3,3 - nginx /usr/local/etc/nginx/nginx.conf
pkg 1.21.3 2.1.4
postgresql16-client 16.4 16.9
python311 3.11.9 3.11.13 s
restic 0.17.0 0.18.0
rsync 3.3.0 3.4.1 s
smartmontools 7.4_2 7.5
sqlite3 3.46.0_1,1 3.50.1,1
sudo 1.9.15p5_4 1.9.17p1 s
tmux 3.4_1 3.5a_1
vim-tiny 9.1.0700 9.1.1378
zstd 1.5.6 1.5.7
`
