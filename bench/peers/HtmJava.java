import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.numenta.nupic.Parameters;
import org.numenta.nupic.Parameters.KEY;
import org.numenta.nupic.algorithms.SpatialPooler;
import org.numenta.nupic.algorithms.TemporalMemory;
import org.numenta.nupic.model.Connections;

/**
 * Milliseconds a step of HTM.java, a black box behind its public methods, on the columns that bench/htm.ts wrote to a folder:
 * one file a case, one line a step. Prints "case from to milliseconds" for the stretch that is timed.
 */
public final class HtmJava {
  private HtmJava() {}

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    List<int[]> pass = read(folder.resolve("pass.txt"));
    List<int[]> noisy = read(folder.resolve("noisy.txt"));
    List<int[]> bits = read(folder.resolve("bits.txt"));
    // The first round warms the compiler up.
    for (int round = 0; round <= Integer.parseInt(args[1]); round++) {
      boolean counts = round > 0;
      Connections learnt = memory();
      TemporalMemory temporal = new TemporalMemory();
      report(counts, "bursting", run(temporal, learnt, pass, 0, pass.size()));
      for (int epoch = 1; epoch < 4; epoch++) run(temporal, learnt, pass, 0, pass.size());
      report(counts, "learnt", run(temporal, learnt, pass, 0, pass.size()));
      Connections stream = memory();
      run(temporal, stream, noisy, 0, noisy.size() / 2);
      report(counts, "noisy", run(temporal, stream, noisy, noisy.size() / 2, noisy.size()));
      report(counts, "pooler", pool(bits));
    }
  }

  private static void report(boolean counts, String name, double ms) {
    if (counts) System.out.println(name + " " + ms);
  }

  private static Connections memory() {
    Parameters parameters = Parameters.getAllDefaultParameters();
    parameters.set(KEY.COLUMN_DIMENSIONS, new int[] {2048});
    parameters.set(KEY.CELLS_PER_COLUMN, 32);
    parameters.set(KEY.ACTIVATION_THRESHOLD, 13);
    parameters.set(KEY.MIN_THRESHOLD, 10);
    parameters.set(KEY.MAX_NEW_SYNAPSE_COUNT, 32);
    parameters.set(KEY.MAX_SYNAPSES_PER_SEGMENT, 32);
    parameters.set(KEY.INITIAL_PERMANENCE, 0.55);
    parameters.set(KEY.CONNECTED_PERMANENCE, 0.5);
    parameters.set(KEY.PERMANENCE_INCREMENT, 0.1);
    parameters.set(KEY.PERMANENCE_DECREMENT, 0.05);
    parameters.set(KEY.PREDICTED_SEGMENT_DECREMENT, 0.02);
    Connections connections = new Connections();
    parameters.apply(connections);
    TemporalMemory.init(connections);
    return connections;
  }

  private static double run(TemporalMemory temporal, Connections memory, List<int[]> steps, int from, int to) {
    long start = System.nanoTime();
    for (int i = from; i < to; i++) temporal.compute(memory, steps.get(i), true);
    return (System.nanoTime() - start) / 1e6 / (to - from);
  }

  private static double pool(List<int[]> steps) {
    Parameters parameters = Parameters.getAllDefaultParameters();
    parameters.set(KEY.INPUT_DIMENSIONS, new int[] {1024});
    parameters.set(KEY.COLUMN_DIMENSIONS, new int[] {2048});
    parameters.set(KEY.POTENTIAL_RADIUS, 1024);
    parameters.set(KEY.POTENTIAL_PCT, 0.85);
    parameters.set(KEY.GLOBAL_INHIBITION, true);
    parameters.set(KEY.NUM_ACTIVE_COLUMNS_PER_INH_AREA, 40.0);
    Connections connections = new Connections();
    parameters.apply(connections);
    SpatialPooler pooler = new SpatialPooler();
    pooler.init(connections);
    int[] won = new int[2048];
    int[] input = new int[1024];
    long start = System.nanoTime();
    for (int[] bits : steps) {
      java.util.Arrays.fill(input, 0);
      for (int bit : bits) input[bit] = 1;
      pooler.compute(connections, input, won, true);
    }
    return (System.nanoTime() - start) / 1e6 / steps.size();
  }

  private static List<int[]> read(Path path) throws IOException {
    List<int[]> steps = new ArrayList<>();
    try (BufferedReader reader = Files.newBufferedReader(path)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        String[] words = line.split(" ");
        int[] step = new int[words.length];
        for (int i = 0; i < words.length; i++) step[i] = Integer.parseInt(words[i]);
        steps.add(step);
      }
    }
    return steps;
  }
}
