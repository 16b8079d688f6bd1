/*
 * A WebSocket server in C on epoll, as little as the load generator's benchmark needs: it accepts the upgrade on `/`, answers
 * pings and goodbyes, and sends each text that comes on `/publish` to every member as one frame.
 *
 * Listens on a port of 127.0.0.1 that the kernel chooses and prints `listening <port>`; for each byte on standard input
 * `members <open> <first> <last>`: how many members there are, when the first connection was accepted and when the last member
 * got its upgrade (micros of the monotonic clock); ends when standard input does. Compiled with -DTLS it takes secured
 * connections only, with a certificate that it makes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#define SERVER
#include "transport.h"

enum { FREE, NEW, MEMBER, PUBLISHER };

static unsigned char *state;
static int limit_fd, epoll_fd, members;
static long first_accepted_micros, last_upgraded_micros;

/* SHA-1 of at most 119 bytes, which is all that a handshake takes. */
static uint32_t left(uint32_t value, int bits) { return value << bits | value >> (32 - bits); }

static void sha1(const char *text, int length, unsigned char *digest) {
  unsigned char block[128] = {0};
  uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  int blocks = length < 56 ? 1 : 2;
  memcpy(block, text, length);
  block[length] = 0x80;
  block[blocks * 64 - 2] = (length * 8) >> 8;
  block[blocks * 64 - 1] = (length * 8) & 0xff;
  for (int b = 0; b < blocks; b++) {
    uint32_t w[80], a = h[0], c = h[1], d = h[2], e = h[3], f = h[4];
    for (int i = 0; i < 16; i++) {
      const unsigned char *p = block + b * 64 + i * 4;
      w[i] = (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
    }
    for (int i = 16; i < 80; i++) w[i] = left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
      uint32_t mix = i < 20   ? ((c & d) | (~c & e)) + 0x5a827999
                     : i < 40 ? (c ^ d ^ e) + 0x6ed9eba1
                     : i < 60 ? ((c & d) | (c & e) | (d & e)) + 0x8f1bbcdc
                              : (c ^ d ^ e) + 0xca62c1d6;
      uint32_t next = left(a, 5) + mix + f + w[i];
      f = e, e = d, d = left(c, 30), c = a, a = next;
    }
    h[0] += a, h[1] += c, h[2] += d, h[3] += e, h[4] += f;
  }
  for (int i = 0; i < 20; i++) digest[i] = h[i / 4] >> (24 - 8 * (i % 4));
}

static void base64(const unsigned char *bytes, int length, char *text) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < length; i += 3) {
    uint32_t three = bytes[i] << 16 | (i + 1 < length ? bytes[i + 1] << 8 : 0) | (i + 2 < length ? bytes[i + 2] : 0);
    *text++ = digits[three >> 18];
    *text++ = digits[three >> 12 & 63];
    *text++ = i + 1 < length ? digits[three >> 6 & 63] : '=';
    *text++ = i + 2 < length ? digits[three & 63] : '=';
  }
  *text = 0;
}

static long micros(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static void end_of(int fd) {
  if (state[fd] == MEMBER) members--;
  state[fd] = FREE;
  drop(fd);
}

static void upgrade(int fd, char *bytes, long length) {
  bytes[length] = 0;
  char *key = strcasestr(bytes, "\r\nsec-websocket-key: ");
  if (!key || !strstr(bytes, "\r\n\r\n")) {
    end_of(fd);
    return;
  }
  char joined[64], accept[32], answer[160];
  unsigned char digest[20];
  memcpy(joined, key + 21, 24);
  memcpy(joined + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
  sha1(joined, 60, digest);
  base64(digest, 20, accept);
  int size = snprintf(answer, sizeof answer,
                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Accept: %s\r\n\r\n",
                      accept);
  state[fd] = strncmp(bytes, "GET /publish ", 13) == 0 ? PUBLISHER : MEMBER;
  if (state[fd] == MEMBER) members++;
  if (give(fd, answer, size) != size) end_of(fd);
  else if (state[fd] == MEMBER) last_upgraded_micros = micros();
}

static void publish(int fd, unsigned char *frame, long length) {
  int payload = frame[1] & 0x7f, sent = 0, failed = 0;
  char message[128] = {(char)0x81, (char)payload}, answer[96];
  if (length < 6 + payload || frame[0] != 0x81 || payload > 125) {
    end_of(fd);
    return;
  }
  for (int i = 0; i < payload; i++) message[2 + i] = frame[6 + i] ^ frame[2 + i % 4];
  long began = micros();
  for (int member = 0; member < limit_fd; member++) {
    if (state[member] != MEMBER) continue;
    if (give(member, message, payload + 2) == payload + 2) sent++;
    else failed++;
  }
  int size = snprintf(answer + 2, sizeof answer - 2, "sent %d %d %ld", sent, failed, micros() - began);
  answer[0] = (char)0x81;
  answer[1] = (char)size;
  give(fd, answer, size + 2);
}

/* Whole pings and close frames of at most 125 bytes are answered with their own payload; after a close the connection ends. */
static void answer(int fd, unsigned char *frame, long length) {
  while (length > 0) {
    int opcode = frame[0] & 0x0f, payload = length > 1 ? frame[1] & 0x7f : 126;
    if ((opcode != 8 && opcode != 9) || payload > 125 || length < 6 + payload) {
      end_of(fd);
      return;
    }
    unsigned char reply[127] = {opcode == 8 ? 0x88 : 0x8a, payload};
    for (int i = 0; i < payload; i++) reply[2 + i] = frame[6 + i] ^ frame[2 + i % 4];
    give(fd, reply, 2 + payload);
    if (opcode == 8) {
      end_of(fd);
      return;
    }
    frame += 6 + payload;
    length -= 6 + payload;
  }
}

int main(void) {
  static char buffer[65537];
  struct epoll_event events[512];
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  limit_fd = limit.rlim_cur > 1000000 ? 1000000 : (int)limit.rlim_cur;
  set_up(limit_fd);
  state = calloc(limit_fd, 1);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 65535) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
    perror("reference-server");
    return 1;
  }
  epoll_fd = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
  event.data.fd = 0;
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &event);
  printf("listening %d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int count = epoll_wait(epoll_fd, events, 512, -1);
    for (int n = 0; n < count; n++) {
      int fd = events[n].data.fd;
      if (fd == 0) {
        if (read(0, buffer, 1) <= 0) return 0;
        printf("members %d %ld %ld\n", members, first_accepted_micros, last_upgraded_micros);
        fflush(stdout);
        continue;
      }
      if (fd == listener) {
        for (int member; (member = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
          if (first_accepted_micros == 0) first_accepted_micros = micros();
          state[member] = NEW;
          take_up(member);
          event.events = EPOLLIN | EPOLLET;
          event.data.fd = member;
          epoll_ctl(epoll_fd, EPOLL_CTL_ADD, member, &event);
        }
        continue;
      }
      long got;
      do {
        got = take(fd, buffer, sizeof buffer - 1);
        if (got <= 0) {
          if (got == 0 || errno != EAGAIN) end_of(fd);
        } else if (state[fd] == NEW) {
          upgrade(fd, buffer, got);
        } else if (state[fd] == PUBLISHER) {
          publish(fd, (unsigned char *)buffer, got);
        } else {
          answer(fd, (unsigned char *)buffer, got);
        }
      } while (RECORDS && got > 0 && state[fd] != FREE);
    }
  }
}
