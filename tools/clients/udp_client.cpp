// An exoskeleton's end of hillstream's UDP output, to start a controller from.
//
//   g++ -std=c++17 -O2 -Wall -Wextra -o udp_client tools/clients/udp_client.cpp
//   ./udp_client 5560          prints a line per datagram until Ctrl-C
//   ./udp_client 5560 100      ends after 100 of them
//
// A controller does with `torque` what it does with its set-point: it is the published moment while
// that may be used, and fades to zero within 0.1 s when nothing usable comes.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "hillstream_datagram.h"

namespace {

constexpr double kPatience = 0.1;  // s without a usable moment until the torque is zero
constexpr long kTimeoutUs = 10000;

double now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

int listen_on(int port) {
    const int udp = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // of another machine: INADDR_ANY
    address.sin_port = htons(static_cast<uint16_t>(port));
    const timeval timeout{0, kTimeoutUs};
    setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    if (bind(udp, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) {
        std::perror("bind");
        std::exit(1);
    }
    return udp;
}

// The torque to command: the last usable moment, less the longer it is ago.
class Command {
  public:
    void take(const hillstream_datagram_v2 &datagram, double at) {
        if (datagram.session == session_ && datagram.seq <= seq_) return;  // late or twice
        session_ = datagram.session;
        seq_ = datagram.seq;
        if (!hillstream_usable_v2(&datagram, 0, at)) return;
        moment_ = datagram.moment[0];
        usable_at_ = at;
    }

    double torque(double at) const {
        const double left = 1.0 - (at - usable_at_) / kPatience;
        return moment_ * std::clamp(left, 0.0, 1.0);
    }

  private:
    uint64_t session_ = 0;
    uint64_t seq_ = 0;
    double moment_ = 0.0;
    double usable_at_ = -1e9;
};

}  // namespace

int main(int argc, char **argv) {
    const int port = argc > 1 ? std::atoi(argv[1]) : 5560;
    long left = argc > 2 ? std::atol(argv[2]) : -1;
    const int udp = listen_on(port);
    std::printf("listening on %d\n", port);
    std::fflush(stdout);
    Command command;
    uint8_t buffer[512];
    while (left != 0) {
        const ssize_t size = recv(udp, buffer, sizeof buffer, 0);
        hillstream_datagram_v2 datagram;
        if (size < 0) continue;  // nothing within 10 ms: a controller goes on with torque(now())
        if (!hillstream_decode_v2(buffer, static_cast<size_t>(size), &datagram)) {
            std::printf("refused %zd bytes\n", size);
            continue;
        }
        const double at = now();
        command.take(datagram, at);
        std::printf("seq %" PRIu64 " status %u ok %u moment %.6f stiffness %.6f torque %.6f "
                    "age %.6f\n",
                    datagram.seq, datagram.status, datagram.ok, datagram.moment[0],
                    datagram.stiffness[0], command.torque(at), at - datagram.t_published);
        std::fflush(stdout);
        if (left > 0) --left;
    }
    close(udp);
    return 0;
}
