// How a thread stands beside the others of its process. Called once by the compute thread, before it starts threads of its own.
#pragma once

namespace mimdet {

/// Steps of nice(2): an ordinary thread beside this one gets two thirds of a core.
inline constexpr int kGiveWay = 3;

/// From now on this thread, and those that it starts, give way to threads of ordinary priority: with all cores computing, an event loop that has
/// something to do would else wait for a scheduler's slice each time. Alone they are as quick as before. Linux only; elsewhere nothing happens.
void give_way(int steps);

}  // namespace mimdet
