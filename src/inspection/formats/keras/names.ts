/**
 * The classes and functions of Keras that do no more than compute.
 *
 * Invariant: nothing here takes a path, imports, calls what its configuration names other than by a node of its own, or
 * changes a setting. `get`, `deserialize` and `serialize` of Keras's modules are left out for that reason.
 *
 * Source: the exported names of Keras 2 and 3.
 */

const words = (...lines: string[]): ReadonlySet<string> => new Set(lines.flatMap((line) => line.split(" ")));

export const CLASSES = words(
  // layers
  "Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D",
  "AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention AlphaDropout Attention AugMix",
  "AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D BatchNormalization",
  "BatchNormalizationV1 BatchNormalizationV2 Bidirectional CategoryEncoding CenterCrop Concatenate",
  "ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose",
  "ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D Convolution1DTranspose Convolution2D Convolution2DTranspose Convolution3D",
  "Convolution3DTranspose Cropping1D Cropping2D Cropping3D CuDNNGRU CuDNNLSTM CutMix Dense DepthwiseConv1D DepthwiseConv2D",
  "Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten GRU GRUCell GaussianDropout GaussianNoise",
  "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D",
  "GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GRUV1 GRUV2",
  "GroupNormalization GroupQueryAttention HashedCrossing Hashing Identity InputLayer InputSpec IntegerLookup LSTM LSTMCell",
  "LSTMV1 LSTMV2 LayerNormalization LeakyReLU LocallyConnected1D LocallyConnected2D Masking MaxNumBoundingBoxes MaxPool1D",
  "MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MixUp MultiHeadAttention",
  "Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment RandomBrightness RandomColorDegeneration",
  "RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur",
  "RandomGrayscale RandomHeight RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation",
  "RandomSaturation RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom ReLU RepeatVector Rescaling",
  "Reshape Resizing ReversibleEmbedding STFTSpectrogram SeparableConv1D SeparableConv2D SeparableConvolution1D",
  "SeparableConvolution2D SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D",
  "SpectralNormalization StackedRNNCells StringLookup Subtract TernaryDense TextVectorization ThresholdedReLU",
  "TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D",
  // models
  "Functional Model Sequential",
  // initializers, regularizers, constraints
  "Constant GlorotNormal GlorotUniform HeNormal HeUniform IdentityInitializer LecunNormal LecunUniform Ones Orthogonal",
  "OrthogonalInitializer RandomNormal RandomUniform STFT STFTInitializer TruncatedNormal VarianceScaling Zeros L1 L1L2 L2",
  "OrthogonalRegularizer MaxNorm MinMaxNorm NonNeg RadialConstraint UnitNorm",
  // losses, metrics
  "AUC Accuracy BinaryAccuracy BinaryCrossentropy BinaryFocalCrossentropy BinaryIoU CTC CategoricalAccuracy",
  "CategoricalCrossentropy CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy CategoricalHinge Circle",
  "ConcordanceCorrelation CosineSimilarity Dice F1Score FBetaScore FalseNegatives FalsePositives Hinge Huber IoU",
  "KLDivergence LogCosh LogCoshError Mean MeanAbsoluteError MeanAbsolutePercentageError MeanIoU MeanMetricWrapper",
  "MeanSquaredError MeanSquaredLogarithmicError MeanTensor OneHotIoU OneHotMeanIoU PearsonCorrelation Poisson Precision",
  "PrecisionAtRecall R2Score Recall RecallAtPrecision RootMeanSquaredError SensitivityAtSpecificity",
  "SparseCategoricalAccuracy SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy SpecificityAtSensitivity",
  "SquaredHinge Sum TopKCategoricalAccuracy TrueNegatives TruePositives Tversky",
  // optimizers and their schedules
  "Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer Muon Nadam RMSprop SGD ScheduleFreeAdamW",
  "CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay",
  // types and quantization
  "AWQConfig AWQDTypePolicy AbsMaxQuantizer DTypePolicy DTypePolicyMap Float8QuantizationConfig FloatDTypePolicy GPTQConfig",
  "GPTQDTypePolicy Int4DTypePolicy Int4QuantizationConfig Int8QuantizationConfig Policy QuantizedDTypePolicy",
  "QuantizedFloat8DTypePolicy SeedGenerator",
  // values
  "TensorShape __tuple__ __tensor__ __numpy__ __bytes__ __ellipsis__ __slice__ __keras_tensor__ __complex__",
);

/** Classes that run code of their configuration, or load what a path in it names. */
export const RUNNING_CLASSES = words("TFSMLayer TorchModuleWrapper JaxLayer FlaxLayer");

export const FUNCTIONS = words(
  "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid",
  "log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax",
  "squareplus swish tanh tanh_shrink threshold",
  "binary_accuracy binary_crossentropy binary_focal_crossentropy categorical_accuracy categorical_crossentropy",
  "categorical_focal_crossentropy categorical_generalized_cross_entropy categorical_hinge circle concordance_correlation",
  "cosine_similarity ctc dice hinge huber kl_divergence kullback_leibler_divergence log_cosh logcosh mean_absolute_error",
  "mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error pearson_correlation poisson",
  "sparse_categorical_accuracy sparse_categorical_crossentropy sparse_top_k_categorical_accuracy squared_hinge",
  "top_k_categorical_accuracy tversky mse mae mape msle acc accuracy",
  "glorot_normal glorot_uniform he_normal he_uniform lecun_normal lecun_uniform ones zeros orthogonal random_normal",
  "random_uniform truncated_normal variance_scaling l1 l1_l2 l2 max_norm min_max_norm non_neg unit_norm",
);

/** Modules of Keras whose functions compute. */
export const FUNCTION_MODULES =
  /^(?:tf_keras|keras)(?:\.src|\.api)?(?:\._v2)?(?:\.keras)?\.(?:activations|losses|metrics|initializers|regularizers|constraints|ops)(?:\.(?:activations|losses|accuracy_metrics))?$/;

/** Modules of Keras whose names act on files, settings or other models. */
export const ACTING_MODULES =
  /^(?:tf_keras|keras)\.(?:[a-z0-9_]+\.)*(?:utils|config|saving|export|preprocessing|backend|callbacks|datasets|applications|distribution|legacy|models|tree|wrappers|visualization)(?:\.|$)/;

/** Packages of Python's own, and others that everybody has, of which nothing is a part of a model. */
export const FOREIGN_PACKAGES =
  /^(?:os|posix|nt|sys|subprocess|shutil|builtins|importlib|runpy|code|codeop|pty|socket|ctypes|pickle|_pickle|marshal|shelve|webbrowser|urllib|http|pathlib|tempfile|platform|pip|pydoc|timeit|cProfile|profile|bdb|pdb|commands|multiprocessing|threading|asyncio|joblib|dill|cloudpickle|site|zipimport|types|operator|functools|inspect|gc|io|_io|tensorflow\.(?:io|raw_ops|saved_model|data|load_op_library|py_function|numpy_function)|linecache|test|distutils|setuptools|numpy\.f2py|idlelib|venv|ensurepip|xmlrpc|ftplib|telnetlib|smtplib|imaplib|poplib)(?:\.|$)/;
