package machine

// Tables of packages: name, installed, available ("-": nothing newer), origin (u updates, s security, m main), the unit that runs
// it ("kernel": it brings a kernel), a configuration file, kB. The versions are of the kind that the distributions had in 2025.

const debianTable = `
adduser 3.134 - m - /etc/adduser.conf
apt 2.6.1 - m
base-files 12.4+deb12u8 12.4+deb12u11 u - /etc/issue 72
bash 5.2.15-2+b7 - m - /etc/bash.bashrc
bind9-libs 1:9.18.28-1~deb12u2 1:9.18.33-1~deb12u2 s - - 1411
bsdutils 1:2.38.1-5+deb12u2 1:2.38.1-5+deb12u3 u
ca-certificates 20230311+deb12u1 - m - /etc/ca-certificates.conf
chrony 4.3-2+deb12u1 - m chrony.service /etc/chrony/chrony.conf
coreutils 9.1-1 - m
cron 3.0pl1-162 - m cron.service /etc/default/cron
curl 7.88.1-10+deb12u8 7.88.1-10+deb12u12 s - - 315
dbus 1.14.10-1~deb12u1 - m dbus.service
dpkg 1.21.22 - m
e2fsprogs 1.47.0-2 - m
git 1:2.39.5-0+deb12u1 1:2.39.5-0+deb12u2 s - - 7254
gpgv 2.2.40-1.1 - m
grub-common 2.06-13+deb12u1 - m
initramfs-tools 0.142+deb12u1 0.142+deb12u3 u - /etc/initramfs-tools/initramfs.conf
intel-microcode 3.20240813.1~deb12u1 3.20250512.1~deb12u1 s - - 8234
iproute2 6.1.0-3 - m
krb5-locales 1.20.1-2+deb12u2 1.20.1-2+deb12u3 s
libc-bin 2.36-9+deb12u9 2.36-9+deb12u10 u - - 607
libc6 2.36-9+deb12u9 2.36-9+deb12u10 u - - 2756
libcurl4 7.88.1-10+deb12u8 7.88.1-10+deb12u12 s - - 390
libgnutls30 3.7.9-2+deb12u3 3.7.9-2+deb12u4 s - - 1404
libkrb5-3 1.20.1-2+deb12u2 1.20.1-2+deb12u3 s - - 332
libpam-modules 1.5.2-6+deb12u1 - m
libssl3 3.0.15-1~deb12u1 3.0.17-1~deb12u2 s - - 2022
libsystemd0 252.31-1~deb12u1 252.38-1~deb12u1 u - - 331
libtasn1-6 4.19.0-2 4.19.0-2+deb12u1 s
libxml2 2.9.14+dfsg-1.3~deb12u1 2.9.14+dfsg-1.3~deb12u2 s - - 687
linux-image-amd64 6.1.119-1 6.1.140-1 s kernel - 1476
login 1:4.13+dfsg1-1+b1 - m - /etc/login.defs
logrotate 3.21.0-1 - m - /etc/logrotate.conf
lsof 4.95.0-1 - m
mdadm 4.2-5 - m mdmonitor.service /etc/mdadm/mdadm.conf
needrestart 3.6-4+deb12u3 - m - /etc/needrestart/needrestart.conf
nginx 1.22.1-9 1.22.1-9+deb12u2 s nginx.service /etc/nginx/nginx.conf 526
openssh-client 1:9.2p1-2+deb12u3 1:9.2p1-2+deb12u6 s - /etc/ssh/ssh_config 991
openssh-server 1:9.2p1-2+deb12u3 1:9.2p1-2+deb12u6 s ssh.service /etc/ssh/sshd_config 456
openssl 3.0.15-1~deb12u1 3.0.17-1~deb12u2 s - /etc/ssl/openssl.cnf 1434
passwd 1:4.13+dfsg1-1+b1 - m
perl-base 5.36.0-7+deb12u1 5.36.0-7+deb12u2 s - - 1609
postgresql-15 15.10-0+deb12u1 15.13-0+deb12u1 s postgresql.service /etc/postgresql/15/main/postgresql.conf 17204
procps 2:4.0.2-3 - m - /etc/sysctl.conf
python3.11 3.11.2-6+deb12u4 3.11.2-6+deb12u6 s - - 573
rsync 3.2.7-1 3.2.7-1+deb12u2 s - - 416
rsyslog 8.2302.0-1 - m rsyslog.service /etc/rsyslog.conf
smartmontools 7.3-1+b1 - m smartmontools.service /etc/smartd.conf
sudo 1.9.13p3-1+deb12u1 1.9.13p3-1+deb12u2 s - /etc/sudoers 1889
systemd 252.31-1~deb12u1 252.38-1~deb12u1 u systemd-journald.service /etc/systemd/system.conf 3032
tzdata 2024b-0+deb12u1 2025b-0+deb12u1 u - - 296
udev 252.31-1~deb12u1 252.38-1~deb12u1 u systemd-udevd.service
unattended-upgrades 2.9.1+nmu3 - m unattended-upgrades.service /etc/apt/apt.conf.d/50unattended-upgrades
util-linux 2.38.1-5+deb12u2 2.38.1-5+deb12u3 u
vim-tiny 2:9.0.1378-2 2:9.0.1378-2+deb12u2 s - - 721
wget 1.21.3-1+deb12u1 - m - /etc/wgetrc
xz-utils 5.4.1-0.2 5.4.1-1 s
zlib1g 1:1.2.13.dfsg-1 - m
`

const ubuntuTable = `
adduser 3.137ubuntu1 - m - /etc/adduser.conf
apparmor 4.0.1really4.0.1-0ubuntu0.24.04.3 4.0.1really4.0.1-0ubuntu0.24.04.4 u apparmor.service - 637
apt 2.7.14build2 2.8.3 u - - 1376
base-files 13ubuntu10.1 13ubuntu10.2 u - /etc/issue 73
bash 5.2.21-2ubuntu4 - m - /etc/bash.bashrc
bind9-libs 1:9.18.28-0ubuntu0.24.04.1 1:9.18.30-0ubuntu0.24.04.2 s - - 1257
bsdutils 1:2.39.3-9ubuntu6.1 1:2.39.3-9ubuntu6.2 u
busybox-static 1:1.36.1-6ubuntu3.1 - m
ca-certificates 20240203 - m - /etc/ca-certificates.conf
cloud-init 24.3.1-0ubuntu0~24.04.2 25.1.2-0ubuntu0~24.04.1 u cloud-init.service /etc/cloud/cloud.cfg 607
coreutils 9.4-3ubuntu6 - m
cron 3.0pl1-184ubuntu2 - m cron.service
curl 8.5.0-2ubuntu10.5 8.5.0-2ubuntu10.6 s - - 227
dbus 1.14.10-4ubuntu4.1 - m dbus.service
dpkg 1.22.6ubuntu6.1 - m
fwupd 1.9.24-1~24.04.1 1.9.29-0ubuntu1~24.04.1 u - - 4575
git 1:2.43.0-1ubuntu7.1 1:2.43.0-1ubuntu7.3 s - - 3679
initramfs-tools 0.142ubuntu25.4 0.142ubuntu25.5 u
intel-microcode 3.20240910.0ubuntu0.24.04.1 3.20250512.0ubuntu0.24.04.1 s - - 7234
iproute2 6.1.0-1ubuntu6 - m
landscape-common 24.02-0ubuntu5.1 24.02-0ubuntu5.3 u - - 92
libc-bin 2.39-0ubuntu8.3 2.39-0ubuntu8.4 u - - 682
libc6 2.39-0ubuntu8.3 2.39-0ubuntu8.4 u - - 3263
libcurl4t64 8.5.0-2ubuntu10.5 8.5.0-2ubuntu10.6 s - - 341
libglib2.0-0t64 2.80.0-6ubuntu3.2 2.80.0-6ubuntu3.4 s - - 1544
libgnutls30t64 3.8.3-1.1ubuntu3.2 3.8.3-1.1ubuntu3.4 s - - 1000
libpam-modules 1.5.3-5ubuntu5.1 1.5.3-5ubuntu5.4 s - - 286
libpython3.12 3.12.3-1ubuntu0.3 3.12.3-1ubuntu0.7 s - - 2347
libssl3t64 3.0.13-0ubuntu3.4 3.0.13-0ubuntu3.5 s - - 1940
libsystemd0 255.4-1ubuntu8.4 255.4-1ubuntu8.8 u - - 434
libxml2 2.9.14+dfsg-1.3ubuntu3 2.9.14+dfsg-1.3ubuntu3.3 s - - 763
linux-image-generic 6.8.0-51.52 6.8.0-63.66 s kernel - 10
login 1:4.13+dfsg1-4ubuntu3.2 - m
logrotate 3.21.0-2build1 - m
needrestart 3.6-7ubuntu4.3 3.6-7ubuntu4.5 u - /etc/needrestart/needrestart.conf 67
nginx 1.24.0-2ubuntu7.1 1.24.0-2ubuntu7.4 s nginx.service /etc/nginx/nginx.conf 520
openssh-client 1:9.6p1-3ubuntu13.5 1:9.6p1-3ubuntu13.12 s - - 906
openssh-server 1:9.6p1-3ubuntu13.5 1:9.6p1-3ubuntu13.12 s ssh.service /etc/ssh/sshd_config 509
openssl 3.0.13-0ubuntu3.4 3.0.13-0ubuntu3.5 s - - 1003
passwd 1:4.13+dfsg1-4ubuntu3.2 - m
perl-base 5.38.2-3.2build2 5.38.2-3.2ubuntu0.1 s - - 1824
procps 2:4.0.4-4ubuntu3.2 - m
python3.12 3.12.3-1ubuntu0.3 3.12.3-1ubuntu0.7 s - - 651
rsync 3.2.7-1ubuntu1 3.2.7-1ubuntu1.2 s - - 436
rsyslog 8.2312.0-3ubuntu9 - m rsyslog.service
snapd 2.66.1+24.04 2.68.5+ubuntu24.04.1 u snapd.service - 29934
sudo 1.9.15p5-3ubuntu5 1.9.15p5-3ubuntu5.24.04.1 s - /etc/sudoers 947
systemd 255.4-1ubuntu8.4 255.4-1ubuntu8.8 u systemd-journald.service - 3471
tzdata 2024b-0ubuntu0.24.04 2025b-0ubuntu0.24.04.1 u - - 275
ubuntu-pro-client 34~24.04 35.1ubuntu0~24.04 u - - 236
udev 255.4-1ubuntu8.4 255.4-1ubuntu8.8 u systemd-udevd.service - 1873
unattended-upgrades 2.9.1+nmu4ubuntu1 - m unattended-upgrades.service
util-linux 2.39.3-9ubuntu6.1 2.39.3-9ubuntu6.2 u - - 1128
vim-tiny 2:9.1.0016-1ubuntu7.5 2:9.1.0016-1ubuntu7.8 s - - 803
wget 1.21.4-1ubuntu4.1 - m
xz-utils 5.6.1+really5.4.5-1build0.1 5.6.1+really5.4.5-1ubuntu0.2 s
zlib1g 1:1.3.dfsg-3.1ubuntu2.1 - m
`

const debian13Table = `
adduser 3.152 - m - /etc/adduser.conf
apt 3.0.3 - m
base-files 13.8 13.8+deb13u1 u - /etc/issue 73
bash 5.2.37-2+b5 - m - /etc/bash.bashrc
bind9-libs 1:9.20.11-4 1:9.20.15-1~deb13u1 s - - 1404
bsdutils 1:2.41-5 - m
ca-certificates 20250419 - m - /etc/ca-certificates.conf
chrony 4.6.1-3 - m chrony.service /etc/chrony/chrony.conf
coreutils 9.7-3 - m
cron 3.0pl1-197 - m cron.service /etc/default/cron
curl 8.14.1-2 8.14.1-2+deb13u2 s - - 270
dbus 1.16.2-2 - m dbus.service
dpkg 1.22.21 - m
e2fsprogs 1.47.2-3+b3 - m
git 1:2.47.2-0.2 1:2.47.3-0+deb13u1 s - - 8862
gpgv 2.4.7-21 2.4.7-21+deb13u1 s - - 241
grub-common 2.12-9 2.12-9+deb13u1 u - - 2103
initramfs-tools 0.148.3 - m - /etc/initramfs-tools/initramfs.conf
intel-microcode 3.20250512.1 3.20250812.1~deb13u1 s - - 12034
iproute2 6.15.0-1 - m
libc-bin 2.41-12 2.41-12+deb13u1 u - - 636
libc6 2.41-12 2.41-12+deb13u1 u - - 2847
libcurl4t64 8.14.1-2 8.14.1-2+deb13u2 s - - 391
libgnutls30t64 3.8.9-3 3.8.9-3+deb13u1 s - - 1465
libkrb5-3 1.21.3-5 - m
libpam-modules 1.7.0-5 - m
libpng16-16t64 1.6.48-1 1.6.48-1+deb13u1 s - - 282
libssl3t64 3.5.1-1 3.5.4-1~deb13u1 s - - 2438
libsystemd0 257.7-1 257.9-1~deb13u1 u - - 448
libxml2 2.12.7+dfsg+really2.9.14-2.1 2.12.7+dfsg+really2.9.14-2.1+deb13u2 s - - 698
libxslt1.1 1.1.35-1.2 1.1.35-1.2+deb13u2 s - - 233
linux-image-amd64 6.12.38-1 6.12.57-1 s kernel - 1
login 1:4.16.0-2+really2.41-5 - m - /etc/login.defs
logrotate 3.22.0-1 - m - /etc/logrotate.conf
lsof 4.99.4+dfsg-2 - m
mdadm 4.4-11 4.4-11+deb13u1 u mdmonitor.service /etc/mdadm/mdadm.conf
needrestart 3.11-1 - m - /etc/needrestart/needrestart.conf
nginx 1.26.3-3+deb13u1 1.26.3-3+deb13u2 s nginx.service /etc/nginx/nginx.conf 604
openssh-client 1:10.0p1-7 1:10.0p1-7+deb13u1 s - /etc/ssh/ssh_config 985
openssh-server 1:10.0p1-7 1:10.0p1-7+deb13u1 s ssh.service /etc/ssh/sshd_config 598
openssl 3.5.1-1 3.5.4-1~deb13u1 s - /etc/ssl/openssl.cnf 1493
perl-base 5.40.1-6 - m
postgresql-17 17.5-1 17.7-0+deb13u1 s postgresql.service /etc/postgresql/17/main/postgresql.conf 18211
procps 2:4.0.4-9 - m - /etc/sysctl.conf
python3.13 3.13.5-2 - m
redis-server 5:8.0.2-3 5:8.0.2-3+deb13u1 s redis-server.service /etc/redis/redis.conf 51
rsync 3.4.1+ds1-5 3.4.1+ds1-5+deb13u1 u - - 428
rsyslog 8.2504.0-1 - m rsyslog.service /etc/rsyslog.conf
smartmontools 7.4-3 - m smartmontools.service /etc/smartd.conf
sudo 1.9.16p2-3 - m - /etc/sudoers 2083
systemd 257.7-1 257.9-1~deb13u1 u systemd-journald.service /etc/systemd/system.conf 3102
tzdata 2025b-4 2025b-4+deb13u1 u - - 256
udev 257.7-1 257.9-1~deb13u1 u systemd-udevd.service - 1922
unattended-upgrades 2.12 - m unattended-upgrades.service /etc/apt/apt.conf.d/50unattended-upgrades
util-linux 2.41-5 - m
vim-tiny 2:9.1.1230-2 - m
wget 1.25.0-2 - m - /etc/wgetrc
xz-utils 5.8.1-1 - m
zlib1g 1:1.3.dfsg+really1.3.1-1+b1 - m
`
